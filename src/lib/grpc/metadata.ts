import { InvalidArgumentError } from '#lib/errors.ts';

/** Headers or trailers as HTTP/2 has them. */
export type GrpcHeaders = Record<string, string | string[]>;

/** What goes with a call beside its messages: names in small letters; values of `-bin` names are bytes. */
export interface Metadata {
  /** The first value as text; undefined if there is none. */
  get(name: string): string | undefined;
  getAll(name: string): readonly string[];
  /** Of a name that ends in `-bin`. */
  getBytes(name: string): Buffer | undefined;
}

/** Headers of gRPC itself, which are no metadata. */
const RESERVED = /^(?::|grpc-|content-type$|te$)/;

/** The metadata of a call's headers. */
export function readMetadata(headers: Readonly<Record<string, string | string[] | undefined>>): Metadata {
  const values = new Map<string, readonly string[]>();
  for (const [name, value] of Object.entries(headers)) {
    if (RESERVED.test(name) || value === undefined) continue;
    // Node joins what came several times with commas; of `-bin` values that is what the protocol does too.
    values.set(name, Array.isArray(value) ? value : [value]);
  }
  const getAll = (name: string): readonly string[] => values.get(name.toLowerCase()) ?? [];
  return {
    get: (name) => getAll(name)[0],
    getAll,
    getBytes(name) {
      const text = getAll(name)[0]?.split(',')[0];
      return text === undefined ? undefined : Buffer.from(text, 'base64');
    },
  };
}

/** Metadata as headers: bytes become base64, and their names must end in `-bin`. @throws {InvalidArgumentError} */
export function writeMetadata(values: ReadonlyMap<string, readonly (string | Uint8Array)[]>): GrpcHeaders {
  const headers: GrpcHeaders = {};
  for (const [name, list] of values) {
    if (!/^[a-z0-9_.-]+$/.test(name) || RESERVED.test(name))
      throw new InvalidArgumentError(`${JSON.stringify(name)} is no name of metadata`);
    const isBinary = name.endsWith('-bin');
    headers[name] = list.map((value) => {
      if (typeof value !== 'string') return Buffer.from(value).toString('base64');
      if (isBinary || !/^[\x20-\x7e]*$/.test(value))
        throw new InvalidArgumentError(`the metadata ${name} is no printable ASCII`);
      return value;
    });
  }
  return headers;
}

const UNITS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 0.001, n: 0.000_001 };

/** Milliseconds that a `grpc-timeout` gives; undefined for none. @throws {InvalidArgumentError} */
export function parseTimeout(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const [, digits, unit = ''] = /^(\d{1,8})([HMSmun])$/.exec(text) ?? [];
  if (digits === undefined) throw new InvalidArgumentError(`invalid grpc-timeout: ${JSON.stringify(text)}`);
  return Math.ceil(Number(digits) * (UNITS[unit] ?? 1));
}
