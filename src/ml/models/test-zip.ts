import { crc32, deflateRawSync } from 'node:zlib';

/** A zip archive of texts and bytes, for tests: those that get smaller are deflated, as archives of torch are not. */
export function zipOf(contents: Readonly<Record<string, string | Uint8Array>>): Uint8Array {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, content] of Object.entries(contents)) {
    const bytes = Buffer.from(content as string);
    const stored = name.endsWith('.json') ? deflateRawSync(bytes) : bytes;
    const header = fields([[0x04034b50, 4], [20, 2], [0, 2], [stored === bytes ? 0 : 8, 2], [0, 4], [crc32(bytes), 4], [stored.length, 4], [bytes.length, 4], [name.length, 2], [0, 2]]); // prettier-ignore
    directory.push(
      fields([[0x02014b50, 4], [20, 2], [20, 2], [0, 2], [stored === bytes ? 0 : 8, 2], [0, 4], [crc32(bytes), 4], [stored.length, 4], [bytes.length, 4], [name.length, 2], [0, 2], [0, 2], [0, 2], [0, 2], [0, 4], [offset, 4]]), // prettier-ignore
      Buffer.from(name),
    );
    parts.push(header, Buffer.from(name), stored);
    offset += header.length + name.length + stored.length;
  }
  const list = Buffer.concat(directory);
  const count = Object.keys(contents).length;
  const end = fields([[0x06054b50, 4], [0, 2], [0, 2], [count, 2], [count, 2], [list.length, 4], [offset, 4], [0, 2]]); // prettier-ignore
  return Buffer.concat([...parts, list, end]);
}

function fields(values: readonly (readonly [value: number, bytes: 2 | 4])[]): Buffer {
  return Buffer.concat(
    values.map(([value, bytes]) => {
      const buffer = Buffer.alloc(bytes);
      buffer.writeUIntLE(value, 0, bytes);
      return buffer;
    }),
  );
}
