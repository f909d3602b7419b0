import { type ByteReader, EndOfFile, textOf } from './bytes.ts';

/** A field of a protobuf message where it lies: long ones are visited only if the caller reads them. */
export interface WireField {
  number: number;
  /** The value of a varint; the length of bytes. */
  value: number;
  /** True if `value` bytes follow, which are jumped over unless taken. */
  isBytes: boolean;
}

/** Graphs of the largest models have some hundred thousand. */
const MAX_FIELDS = 1_000_000;
const VISITED = new WeakMap<ByteReader, number>();

/** Goes over the fields of a message that ends at `end`. @throws {EndOfFile} if it is cut off or none */
export async function* walkFields(reader: ByteReader, end: number): AsyncGenerator<WireField> {
  while (reader.position < end) {
    const key = await takeVarint(reader);
    const [number, type] = [Math.floor(key / 8), key % 8];
    const visited = (VISITED.get(reader) ?? 0) + 1;
    VISITED.set(reader, visited);
    if (number === 0) throw new EndOfFile('no protobuf message');
    if (visited > MAX_FIELDS) throw new EndOfFile(`more than ${MAX_FIELDS} fields`);
    if (type === 0) yield { number, value: await takeVarint(reader), isBytes: false };
    else if (type === 1 || type === 5) reader.seek(reader.position + (type === 1 ? 8 : 4));
    else if (type === 2) {
      const length = await takeVarint(reader);
      const next = reader.position + length;
      if (next > end) throw new EndOfFile('the file ends in the middle of a field');
      yield { number, value: length, isBytes: true };
      reader.seek(next);
    } else throw new EndOfFile('no protobuf message');
  }
}

async function takeVarint(reader: ByteReader): Promise<number> {
  let value = 0;
  for (let index = 0; index < 10; index++) {
    const byte = (await reader.take(1))[0] ?? 0;
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return value;
  }
  throw new EndOfFile('no protobuf message');
}

/** A text field's value. */
export async function takeText(reader: ByteReader, { value }: WireField): Promise<string> {
  return textOf(await reader.take(Math.min(value, 64 * 1024)));
}
