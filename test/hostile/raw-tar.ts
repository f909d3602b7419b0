/** Parts of tar archives written by hand, so that they can say what no honest program writes. */

export const BLOCK = 512;

type Field = string | number | Buffer;

export interface RawEntry {
  name?: string | Buffer;
  type?: string;
  link?: string | Buffer;
  body?: Buffer | string;
  mode?: Field;
  uid?: Field;
  gid?: Field;
  /** Written in place of the body's size. */
  size?: Field;
  mtime?: Field;
  major?: Field;
  minor?: Field;
  magic?: 'v7' | 'ustar' | 'gnu' | 'star';
  prefix?: string;
  /** Bytes put over the header before it gets its checksum. */
  patch?: (block: Buffer) => void;
}

/** A number as GNU base-256 in a field of this length. */
export function base256(value: bigint, length: number): Buffer {
  const bits = BigInt.asUintN(length * 8, value);
  const field = Buffer.from(bits.toString(16).padStart(length * 2, '0'), 'hex');
  field[0] = (field[0] ?? 0) | 0x80;
  return field;
}

function put(block: Buffer, value: Field, place: readonly [offset: number, length: number]): void {
  const [offset, length] = place;
  if (Buffer.isBuffer(value)) value.copy(block, offset, 0, length);
  else if (typeof value === 'string') block.write(value, offset, length, 'latin1');
  else block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, offset, length, 'latin1');
}

function bytesOf(value: string | Buffer): Buffer {
  return typeof value === 'string' ? Buffer.from(value) : value;
}

const MAGIC = { v7: '', ustar: 'ustar\x0000', star: 'ustar\x0000', gnu: 'ustar  \0' } as const;

/** With the checksum that its bytes have. */
export function sealed(block: Buffer): Buffer {
  block.fill(0x20, 148, 156);
  let sum = 0;
  for (const byte of block.subarray(0, BLOCK)) sum += byte;
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

/** One header and its content, filled up to whole blocks. */
export function entry(fields: RawEntry): Buffer {
  const { name = 'f', type = '0', link = '', body = '', magic = 'ustar' } = fields;
  const bytes = Buffer.from(body as string);
  const block = Buffer.alloc(BLOCK);
  put(block, bytesOf(name), [0, 100]);
  put(block, fields.mode ?? 0o644, [100, 8]);
  put(block, fields.uid ?? 0, [108, 8]);
  put(block, fields.gid ?? 0, [116, 8]);
  put(block, fields.size ?? bytes.length, [124, 12]);
  put(block, fields.mtime ?? 1_600_000_000, [136, 12]);
  put(block, type, [156, 1]);
  put(block, bytesOf(link), [157, 100]);
  block.write(MAGIC[magic], 257, 'latin1');
  if (magic !== 'v7') {
    put(block, fields.major ?? 0, [329, 8]);
    put(block, fields.minor ?? 0, [337, 8]);
    if (magic !== 'gnu') put(block, fields.prefix ?? '', [345, 155]);
  }
  if (magic === 'star') block.write('tar\0', 508, 'latin1');
  fields.patch?.(block);
  return Buffer.concat([sealed(block), bytes, Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK)]);
}

export const file = (name: string | Buffer, body: string | Buffer = 'content'): Buffer => entry({ name, body });
export const folder = (name: string, fields: RawEntry = {}): Buffer =>
  entry({ mode: 0o755, ...fields, name, type: '5' });
export const symlink = (name: string, link: string): Buffer => entry({ name, type: '2', link });
export const hardLink = (name: string, link: string): Buffer => entry({ name, type: '1', link });
export const device = (name: string, major: number, minor: number): Buffer => entry({ name, type: '3', major, minor });

/** One record, `length key=value\n`, where the length counts itself. */
export function record(key: string, value: string | Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), Buffer.from(value as string), Buffer.from('\n')]);
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

type Records = Readonly<Record<string, string | Buffer>>;

/** A PAX header for the entry that follows. */
export function pax(records: Records, type = 'x'): Buffer {
  const body = Buffer.concat(Object.entries(records).map(([key, value]) => record(key, value)));
  return entry({ name: 'PaxHeaders/x', type, body });
}

/** A file with extended attributes. */
export function attributed(name: string, attributes: Records): Buffer {
  const keys = Object.entries(attributes).map(([key, value]) => [`SCHILY.xattr.${key}`, value] as const);
  return Buffer.concat([pax(Object.fromEntries(keys)), file(name)]);
}

/** A GNU header with a long name or a long link. */
export function long(type: 'L' | 'K', text: string): Buffer {
  return entry({ name: '././@LongLink', type, body: `${text}\0`, magic: 'gnu' });
}

/** A sparse file in the form of GNU tar's PAX version 1.0; the map begins its content. */
export function sparse(name: string, { size, map, body = '' }: { size: string; map: string; body?: string }): Buffer {
  const filled = Buffer.alloc(Math.ceil(map.length / BLOCK) * BLOCK);
  filled.write(map);
  const records = {
    'GNU.sparse.major': '1',
    'GNU.sparse.minor': '0',
    'GNU.sparse.name': name,
    'GNU.sparse.realsize': size,
  };
  return Buffer.concat([
    pax(records),
    entry({ name: 'GNUSparseFile/x', body: Buffer.concat([filled, Buffer.from(body)]) }),
  ]);
}

/** A sparse file whose header was written by GNU tar before PAX; `regions` are at most four. */
export function oldSparse(
  name: string,
  {
    size,
    regions,
    body = '',
    more = false,
  }: { size: Field; regions: readonly (readonly [Field, Field])[]; body?: string; more?: boolean },
): Buffer {
  const patch = (block: Buffer): void => {
    for (const [index, [offset, length]] of regions.entries()) {
      put(block, offset, [386 + index * 24, 12]);
      put(block, length, [398 + index * 24, 12]);
    }
    block[482] = more ? 1 : 0;
    put(block, size, [483, 12]);
  };
  return entry({ name, type: 'S', magic: 'gnu', body, patch });
}

export const END: Buffer = Buffer.alloc(2 * BLOCK);

/** An archive of these parts. */
export function tar(...parts: readonly Buffer[]): Buffer {
  return Buffer.concat([...parts, END]);
}
