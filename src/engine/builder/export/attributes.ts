import { InvalidArgumentError } from '#lib/errors.ts';

/** What stands behind the type of an output. */
export type Attributes = ReadonlyMap<string, string>;

const WORDS: Readonly<Record<string, boolean>> = {
  '1': true, t: true, T: true, true: true, TRUE: true, True: true,
  '0': false, f: false, F: false, false: false, FALSE: false, False: false,
}; // prettier-ignore

/** A switch; written without a value it is on. @throws {InvalidArgumentError} */
export function flagOf(attributes: Attributes, name: string, fallback = false): boolean {
  const value = attributes.get(name);
  if (value === undefined) return fallback;
  if (value === '') return true;
  const flag = WORDS[value];
  if (flag !== undefined) return flag;
  throw new InvalidArgumentError(`invalid value ${JSON.stringify(value)} for the output option ${name}`, {
    why: 'it is a switch',
    hint: `write ${name}=true or ${name}=false`,
  });
}

/** @throws {InvalidArgumentError} unless it is a whole number in the range */
export function numberOf(
  attributes: Attributes,
  name: string,
  { from, to }: { from: number; to: number },
): number | undefined {
  const value = attributes.get(name) ?? '';
  if (value === '') return undefined;
  const number = Number(value);
  if (/^-?\d+$/.test(value) && number >= from && number <= to) return number;
  throw new InvalidArgumentError(`invalid value ${JSON.stringify(value)} for the output option ${name}`, {
    why: `it is a whole number from ${from} to ${to}`,
    hint: `write ${name}=${from}, or leave it out`,
  });
}
