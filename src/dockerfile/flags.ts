import { InstructionError } from './dockerfile-error.ts';
import { nearest } from './nearest.ts';

/** Which flags an instruction takes: a `switch` is on by its name alone, `many` may come several times. */
export type FlagKinds = Readonly<Record<string, 'text' | 'switch' | 'many'>>;

export interface Flags {
  text(name: string): string | undefined;
  isOn(name: string): boolean;
  many(name: string): string[];
}

/** @throws {InvalidArgumentError} for an unknown flag, a second one, or one without its value */
export function readFlags(written: readonly string[], kinds: FlagKinds): Flags {
  const found = new Map<string, string[]>();
  for (const flag of written) {
    const equals = flag.indexOf('=');
    const name = flag.slice(2, equals < 0 ? undefined : equals);
    const kind = kinds[name];
    if (kind === undefined) throw unknownFlag(name, Object.keys(kinds));
    const value = equals < 0 ? undefined : flag.slice(equals + 1);
    const former = found.get(name);
    if (former !== undefined && kind !== 'many')
      throw new InstructionError(`duplicate flag specified: --${name}`, { piece: `--${name}` });
    const next = checked({ name, kind, value });
    if (former === undefined) found.set(name, [next]);
    else former.push(next);
  }
  return {
    text: (name) => found.get(name)?.[0],
    isOn: (name) => found.get(name)?.[0] === 'true',
    many: (name) => found.get(name) ?? [],
  };
}

function checked({ name, kind, value }: { name: string; kind: string; value: string | undefined }): string {
  if (kind !== 'switch') {
    if (value === undefined) throw new InstructionError(`missing a value on flag: --${name}`, { piece: `--${name}` });
    return value;
  }
  const text = value?.toLowerCase() ?? 'true';
  if (text !== 'true' && text !== 'false')
    throw new InstructionError(`expecting boolean value for flag --${name}, not: ${value}`, { piece: `--${name}` });
  return text;
}

function unknownFlag(name: string, known: readonly string[]): InstructionError {
  const close = nearest(name, known);
  const guess = close === undefined ? '' : ` (did you mean --${close}?)`;
  return new InstructionError(`unknown flag: --${name}${guess}`, {
    piece: `--${name}`,
    hint:
      known.length === 0
        ? 'this instruction takes no flags'
        : `it takes ${known.map((flag) => `--${flag}`).join(', ')}`,
  });
}
