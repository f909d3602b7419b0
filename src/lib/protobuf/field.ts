import type { Message } from './message.ts';

/** Types that are one value on the wire (protobuf encoding, "Message Structure"). */
export type Scalar =
  | 'string'
  | 'bytes'
  | 'bool'
  | 'int32'
  | 'uint32'
  | 'sint32'
  | 'fixed32'
  | 'int64'
  | 'uint64'
  | 'sint64'
  | 'fixed64'
  | 'bigint64'
  | 'double'
  | 'float';

/** What a scalar is here. Of `int64` and its like, numbers beyond 2^53 become the nearest that is safe; `bigint64` is exact. */
export type ScalarValue<S extends Scalar> = S extends 'string'
  ? string
  : S extends 'bytes'
    ? Uint8Array
    : S extends 'bool'
      ? boolean
      : S extends 'bigint64'
        ? bigint
        : number;

/** One field of a message: its number on the wire, and what it is here. */
export interface Field<T> {
  number: number;
  type: Scalar | (() => Message<object>);
  /** `implicit` is the type's zero when absent, and not written when zero; `optional` is undefined when absent. */
  rule: 'implicit' | 'optional' | 'repeated' | 'map';
  /** Of a map. */
  key?: Scalar;
  /** For the compiler alone. */
  readonly value?: T;
}

const scalar =
  <S extends Scalar>(type: S) =>
  (number: number): Field<ScalarValue<S>> => ({ number, type, rule: 'implicit' });

export const string = scalar('string');
export const bytes = scalar('bytes');
export const bool = scalar('bool');
export const int32 = scalar('int32');
export const uint32 = scalar('uint32');
export const sint32 = scalar('sint32');
export const fixed32 = scalar('fixed32');
export const int64 = scalar('int64');
export const uint64 = scalar('uint64');
export const sint64 = scalar('sint64');
export const fixed64 = scalar('fixed64');
export const bigint64 = scalar('bigint64');
export const double = scalar('double');
export const float = scalar('float');

/** A message inside; a function where the table is not there yet. */
export function embedded<T extends object>(
  number: number,
  message: Message<T> | (() => Message<T>),
): Field<T | undefined> {
  const type = typeof message === 'function' ? message : () => message;
  return { number, type, rule: 'optional' };
}

/** A field that tells zero from absent: `optional`, and the members of a oneof. */
export function optional<T>(field: Field<T>): Field<T | undefined> {
  return { number: field.number, type: field.type, rule: 'optional' };
}

/** Any number of them, in order. Numbers are written packed and read either way. */
export function repeated<T>(field: Field<T>): Field<readonly NonNullable<T>[]> {
  return { number: field.number, type: field.type, rule: 'repeated' };
}

/** `map<key, value>`; the value's own number is not looked at. */
export function map<K extends 'string' | 'int64' | 'int32', T>(
  number: number,
  ...[key, value]: [key: K, value: Field<T>]
): Field<ReadonlyMap<ScalarValue<K>, NonNullable<T>>> {
  return { number, type: value.type, rule: 'map', key };
}
