import type { Field, Scalar } from './field.ts';
import type { Message } from './message.ts';
import {
  broken,
  type Input,
  inputOf,
  isAtEnd,
  readBigVarint,
  readBytes,
  readFixed,
  readString,
  readTag,
  readVarint,
  readZigzag,
  skipValue,
} from './input.ts';
import { WIRE, wireTypeOf, zeroOf } from './wire.ts';

/** Messages in messages that are more than anybody means. */
const DEPTH_LIMIT = 100;

type Target = Record<string, unknown>;

/**
 * Reads a message. Fields that the table does not have are skipped; `bytes` are views into the input.
 * @throws {InvalidArgumentError} if the bytes are none
 */
export function decodeMessage<T extends object>(message: Message<T>, bytes: Uint8Array): T {
  return decodeAt(message, bytes, 0) as T;
}

function decodeAt(message: Message<object>, bytes: Uint8Array, depth: number): Target {
  if (depth > DEPTH_LIMIT) throw broken(`more than ${DEPTH_LIMIT} messages in each other`);
  const target = emptyOf(message);
  const input = inputOf(bytes);
  while (!isAtEnd(input)) {
    const { field: number, wireType } = readTag(input);
    const found = message.byNumber.get(number);
    if (found === undefined || !fits(found[1], wireType)) {
      skipValue(input, { wireType, field: number });
      continue;
    }
    const [name, field] = found;
    for (const other of othersOf(message, name)) target[other] = undefined;
    readField(input, { field, name, wireType, target, depth });
  }
  return target;
}

/** Members of the same oneof. */
function othersOf({ oneofs }: Message<object>, name: string): readonly string[] {
  if (oneofs.length === 0) return [];
  return oneofs.filter((group) => group.includes(name)).flatMap((group) => group.filter((other) => other !== name));
}

function emptyOf({ fields }: Message<object>): Target {
  const target: Target = {};
  for (const [name, { rule, type }] of Object.entries(fields)) {
    if (rule === 'repeated') target[name] = [];
    else if (rule === 'map') target[name] = new Map();
    else target[name] = rule === 'optional' || typeof type !== 'string' ? undefined : zeroOf(type);
  }
  return target;
}

/** A number that is repeated may come packed. */
function fits({ type, rule }: Field<unknown>, wireType: number): boolean {
  if (rule === 'map' || typeof type !== 'string') return wireType === WIRE.bytes;
  return wireType === wireTypeOf(type) || (rule === 'repeated' && wireType === WIRE.bytes);
}

interface Reading {
  field: Field<unknown>;
  name: string;
  wireType: number;
  target: Target;
  depth: number;
}

function readField(input: Input, { field, name, wireType, target, depth }: Reading): void {
  const { type, rule } = field;
  if (rule === 'map') {
    const [key, value] = readEntry(readBytes(input), field, depth);
    (target[name] as Map<unknown, unknown>).set(key, value);
    return;
  }
  if (rule !== 'repeated') {
    target[name] = readValue(input, type, depth);
    return;
  }
  const list = target[name] as unknown[];
  if (typeof type !== 'string' || wireType === wireTypeOf(type)) {
    list.push(readValue(input, type, depth));
    return;
  }
  const packed = inputOf(readBytes(input));
  while (!isAtEnd(packed)) list.push(readScalar(packed, type));
}

function readEntry(bytes: Uint8Array, { type, key = 'string' }: Field<unknown>, depth: number): [unknown, unknown] {
  const input = inputOf(bytes);
  let name = zeroOf(key);
  let value = typeof type === 'string' ? zeroOf(type) : emptyOf(type());
  while (!isAtEnd(input)) {
    const { field, wireType } = readTag(input);
    if (field === 1 && wireType === wireTypeOf(key)) name = readScalar(input, key);
    else if (field === 2 && fits({ number: 2, type, rule: 'implicit' }, wireType))
      value = readValue(input, type, depth);
    else skipValue(input, { wireType, field });
  }
  return [name, value];
}

function readValue(input: Input, type: Field<unknown>['type'], depth: number): unknown {
  return typeof type === 'string' ? readScalar(input, type) : decodeAt(type(), readBytes(input), depth + 1);
}

function readScalar(input: Input, type: Scalar): unknown {
  switch (type) {
    case 'string':
      return readString(input);
    case 'bytes':
      return readBytes(input);
    case 'bool':
      return readVarint(input, false) !== 0;
    case 'bigint64':
      return BigInt.asIntN(64, readBigVarint(input));
    case 'sint32':
    case 'sint64':
      return readZigzag(input);
    case 'fixed32':
    case 'fixed64':
    case 'float':
    case 'double':
      return readFixed(input, type);
    case 'int32':
      return readVarint(input, true) | 0;
    case 'uint32':
      return readVarint(input, false) >>> 0;
    default:
      return readVarint(input, type === 'int64');
  }
}
