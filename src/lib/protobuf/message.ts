import type { Field } from './field.ts';

/** The table of a message: what its fields are called, and how they are written. */
export interface Message<T extends object> {
  /** By the names they have here. */
  readonly fields: Readonly<Record<string, Field<unknown>>>;
  readonly byNumber: ReadonlyMap<number, readonly [name: string, field: Field<unknown>]>;
  /** Names of which at most one is set; reading one forgets the others. */
  readonly oneofs: readonly (readonly string[])[];
  /** For the compiler alone. */
  readonly value?: T;
}

/** What a table describes. */
export type MessageOf<M> = M extends Message<infer T> ? T : never;

type Fields = Readonly<Record<string, Field<unknown>>>;
type FieldValue<F> = F extends Field<infer V> ? V : never;
type Shape<F extends Fields> = { readonly [K in keyof F]: FieldValue<F[K]> };

/** Makes a message of fields: `message({ ref: string(1), parts: repeated(bytes(2)) })`. */
export function message<F extends Fields>(
  fields: F,
  { oneofs = [] }: { oneofs?: readonly (readonly (keyof F & string)[])[] } = {},
): Message<Shape<F>> {
  const byNumber = new Map(Object.entries(fields).map(([name, field]) => [field.number, [name, field] as const]));
  return { fields, byNumber, oneofs };
}

/** A message as it may be written: what is left out is not there. */
export type Partly<T> = { readonly [K in keyof T]?: PartlyValue<T[K]> };

type PartlyValue<V> = V extends Uint8Array | string | number | boolean | bigint | undefined
  ? V
  : V extends ReadonlyMap<infer K, infer T>
    ? ReadonlyMap<K, PartlyValue<T>>
    : V extends readonly (infer T)[]
      ? readonly PartlyValue<T>[]
      : V extends object
        ? Partly<V>
        : V;
