import type { Field, Scalar } from './field.ts';
import type { Message, Partly } from './message.ts';
import { WIRE, wireTypeOf } from './wire.ts';
import {
  createOutput,
  type Output,
  writeBigVarint,
  writeBytes,
  writeFixed,
  writeString,
  writeTag,
  writeVarint,
  writeZigzag,
  writtenBytes,
} from './output.ts';

/** Writes a message; fields in the order of their table. */
export function encodeMessage<T extends object>(message: Message<T>, value: Partly<T>): Buffer {
  const output = createOutput();
  writeFields(output, message, value);
  return writtenBytes(output);
}

function writeFields(output: Output, { fields }: Message<object>, value: object): void {
  for (const [name, field] of Object.entries(fields)) {
    const item: unknown = (value as Record<string, unknown>)[name];
    if (item !== undefined && item !== null) writeField(output, field, item);
  }
}

function writeField(output: Output, field: Field<unknown>, value: unknown): void {
  if (field.rule === 'map') writeMap(output, field, value as ReadonlyMap<unknown, unknown>);
  else if (field.rule === 'repeated') writeRepeated(output, field, value as readonly unknown[]);
  else if (field.rule === 'optional' || !isZero(value)) writeOne(output, field, value);
}

function isZero(value: unknown): boolean {
  if (value instanceof Uint8Array) return value.length === 0;
  return value === '' || value === false || value === 0n || Object.is(value, 0);
}

function writeOne(output: Output, { number, type }: Pick<Field<unknown>, 'number' | 'type'>, value: unknown): void {
  if (typeof type === 'string') {
    writeTag(output, { field: number, wireType: wireTypeOf(type) });
    writeScalar(output, type, value);
    return;
  }
  writeTag(output, { field: number, wireType: WIRE.bytes });
  writeBytes(output, encodeMessage(type(), value as object));
}

function writeRepeated(output: Output, field: Field<unknown>, values: readonly unknown[]): void {
  const { number, type } = field;
  if (values.length === 0) return;
  if (typeof type !== 'string' || wireTypeOf(type) === WIRE.bytes) {
    for (const value of values) writeOne(output, field, value);
    return;
  }
  const packed = createOutput();
  for (const value of values) writeScalar(packed, type, value);
  writeTag(output, { field: number, wireType: WIRE.bytes });
  writeBytes(output, writtenBytes(packed));
}

/** A map is a repeated message of key (1) and value (2); in order of keys, so that equal maps are equal bytes. */
function writeMap(
  output: Output,
  { number, type, key = 'string' }: Field<unknown>,
  values: ReadonlyMap<unknown, unknown>,
): void {
  const sorted = [...values].toSorted(([a], [b]) => ((a as string) < (b as string) ? -1 : 1));
  for (const [name, value] of sorted) {
    const entry = createOutput();
    writeOne(entry, { number: 1, type: key }, name);
    writeOne(entry, { number: 2, type }, value);
    writeTag(output, { field: number, wireType: WIRE.bytes });
    writeBytes(output, writtenBytes(entry));
  }
}

function writeScalar(output: Output, type: Scalar, value: unknown): void {
  switch (type) {
    case 'string':
      return writeString(output, value as string);
    case 'bytes':
      return writeBytes(output, value as Uint8Array);
    case 'bool':
      return writeVarint(output, value === true ? 1 : 0);
    case 'bigint64':
      return writeBigVarint(output, value as bigint);
    case 'sint32':
    case 'sint64':
      return writeZigzag(output, value as number);
    case 'fixed32':
    case 'fixed64':
    case 'float':
    case 'double':
      return writeFixed(output, type, value as number);
    default:
      return writeVarint(output, value as number);
  }
}
