/** The kernel's message format (netlink(7)): a header, a family's fixed part, attributes. Pure; all numbers in the byte order of amd64 and arm64. */

/** Bytes of `struct nlmsghdr` and `struct nlattr`. */
const HEADER_SIZE = 16;
const ATTRIBUTE_SIZE = 4;
const NESTED = 0x8000;
const TYPE_MASK = 0x3fff;

export const FLAGS = {
  request: 1,
  acknowledge: 4,
  dump: 0x300,
  exclusive: 0x200,
  create: 0x400,
  replace: 0x100,
} as const;
export const CONTROL = { error: 2, done: 3 } as const;

/** One message as it goes to the kernel, without its sequence number, which the socket gives. */
export interface Request {
  type: number;
  flags: number;
  body: Buffer;
  /** What it does, for an error's text. */
  what: string;
}

/** One message as it came. */
export interface Answer {
  type: number;
  sequence: number;
  body: Buffer;
}

/** An attribute: text gets its ending zero, a number is 32 bits wide. */
export function attribute(type: number, value: string | number | Uint8Array): Buffer {
  const bytes = bytesOf(value);
  const padded = Buffer.alloc(align(ATTRIBUTE_SIZE + bytes.length));
  padded.writeUInt16LE(ATTRIBUTE_SIZE + bytes.length, 0);
  padded.writeUInt16LE(type, 2);
  bytes.copy(padded, ATTRIBUTE_SIZE);
  return padded;
}

/** An attribute that holds attributes. */
export function nested(type: number, parts: readonly Uint8Array[]): Buffer {
  return attribute(type | NESTED, Buffer.concat(parts));
}

/** A value of one byte. */
export function byte(value: number): Buffer {
  return Buffer.from([value]);
}

export function encodeRequest({ type, flags, body }: Request, sequence: number): Buffer {
  const header = Buffer.alloc(HEADER_SIZE);
  header.writeUInt32LE(HEADER_SIZE + body.length, 0);
  header.writeUInt16LE(type, 4);
  header.writeUInt16LE(flags | FLAGS.request, 6);
  header.writeUInt32LE(sequence, 8);
  return Buffer.concat([header, body, Buffer.alloc(align(body.length) - body.length)]);
}

/** The messages of one datagram; what is cut off at its end is left out. */
export function decodeAnswers(datagram: Buffer): Answer[] {
  const answers: Answer[] = [];
  for (let offset = 0; offset + HEADER_SIZE <= datagram.length;) {
    const length = datagram.readUInt32LE(offset);
    if (length < HEADER_SIZE || offset + length > datagram.length) break;
    answers.push({
      type: datagram.readUInt16LE(offset + 4),
      sequence: datagram.readUInt32LE(offset + 8),
      body: Buffer.from(datagram.subarray(offset + HEADER_SIZE, offset + length)),
    });
    offset += align(length);
  }
  return answers;
}

/** Attributes by type. */
export function decodeAttributes(bytes: Buffer): ReadonlyMap<number, Buffer> {
  const attributes = new Map<number, Buffer>();
  for (let offset = 0; offset + ATTRIBUTE_SIZE <= bytes.length;) {
    const length = bytes.readUInt16LE(offset);
    if (length < ATTRIBUTE_SIZE || offset + length > bytes.length) break;
    attributes.set(
      bytes.readUInt16LE(offset + 2) & TYPE_MASK,
      bytes.subarray(offset + ATTRIBUTE_SIZE, offset + length),
    );
    offset += align(length);
  }
  return attributes;
}

/** Text up to its ending zero. */
export function decodeText(bytes: Buffer | undefined): string | undefined {
  if (bytes === undefined) return undefined;
  const end = bytes.indexOf(0);
  return bytes.toString('utf8', 0, end < 0 ? bytes.length : end);
}

function bytesOf(value: string | number | Uint8Array): Buffer {
  if (typeof value === 'string') return Buffer.from(`${value}\0`);
  if (typeof value !== 'number') return Buffer.from(value);
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
}

function align(length: number): number {
  return (length + 3) & ~3;
}
