import { InvalidArgumentError } from '#lib/errors.ts';

/** A boolean of the query: empty, 0, no, false and none are false, every other value is true. */
export function queryFlag(query: URLSearchParams, name: string, absent = false): boolean {
  const value = query.get(name);
  return value === null ? absent : !['', '0', 'no', 'false', 'none'].includes(value.trim().toLowerCase());
}

/** A whole number of the query. @throws {InvalidArgumentError} if it is none */
export function queryInteger(query: URLSearchParams, name: string): number | undefined {
  const value = query.get(name);
  if (value === null || value === '') return undefined;
  if (!/^-?\d{1,15}$/.test(value)) throw new InvalidArgumentError(`invalid ${name}: ${JSON.stringify(value)}`);
  return Number(value);
}
