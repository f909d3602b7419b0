/** Bytes that grow as they are written. */
export interface Output {
  buffer: Buffer;
  at: number;
}

const FIRST_BYTES = 256;
const VARINT_BYTES = 10;
const MORE = 0x80;
/** Beyond it, operations on bits would cut. */
const UINT32 = 0x1_0000_0000;

export function createOutput(): Output {
  return { buffer: Buffer.allocUnsafe(FIRST_BYTES), at: 0 };
}

export function writtenBytes({ buffer, at }: Output): Buffer {
  return buffer.subarray(0, at);
}

function reserve(output: Output, count: number): void {
  const { buffer, at } = output;
  if (at + count <= buffer.length) return;
  output.buffer = Buffer.allocUnsafe(Math.max(buffer.length * 2, at + count));
  output.buffer.set(buffer.subarray(0, at));
}

export function writeTag(output: Output, { field, wireType }: { field: number; wireType: number }): void {
  writeVarint(output, field * 8 + wireType);
}

/** A safe integer; negative ones take ten bytes, as the format has it. */
export function writeVarint(output: Output, value: number): void {
  if (value < 0) {
    writeBigVarint(output, BigInt(value));
    return;
  }
  reserve(output, VARINT_BYTES);
  const { buffer } = output;
  let rest = value;
  while (rest >= UINT32) {
    buffer[output.at++] = (rest % MORE) | MORE;
    rest = Math.floor(rest / MORE);
  }
  while (rest >= MORE) {
    buffer[output.at++] = (rest & 0x7f) | MORE;
    rest >>>= 7;
  }
  buffer[output.at++] = rest;
}

export function writeBigVarint(output: Output, value: bigint): void {
  reserve(output, VARINT_BYTES);
  let rest = BigInt.asUintN(64, value);
  while (rest >= 0x80n) {
    output.buffer[output.at++] = Number(rest & 0x7fn) | MORE;
    rest >>= 7n;
  }
  output.buffer[output.at++] = Number(rest);
}

/** Signed numbers that alternate: 0, -1, 1, -2, … */
export function writeZigzag(output: Output, value: number): void {
  const big = BigInt(value);
  writeBigVarint(output, (big << 1n) ^ (big >> 63n));
}

export function writeFixed(
  output: Output,
  ...[type, value]: [type: 'fixed32' | 'fixed64' | 'float' | 'double', value: number]
): void {
  reserve(output, 8);
  const { buffer, at } = output;
  if (type === 'fixed32') output.at = buffer.writeUInt32LE(value, at);
  else if (type === 'float') output.at = buffer.writeFloatLE(value, at);
  else if (type === 'double') output.at = buffer.writeDoubleLE(value, at);
  else output.at = buffer.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)), at);
}

export function writeString(output: Output, text: string): void {
  const length = Buffer.byteLength(text);
  writeVarint(output, length);
  reserve(output, length);
  output.at += output.buffer.write(text, output.at);
}

/** With its length before it. */
export function writeBytes(output: Output, bytes: Uint8Array): void {
  writeVarint(output, bytes.length);
  reserve(output, bytes.length);
  output.buffer.set(bytes, output.at);
  output.at += bytes.length;
}
