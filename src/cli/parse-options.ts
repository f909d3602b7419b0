import { InvalidArgumentError } from '#lib/errors.ts';
import { GIVEN, type OptionKind, type OptionTable, type OptionValues } from './options.ts';

/** A mistake in how a command was called; it ends with its own exit code. */
export class UsageError extends InvalidArgumentError {}

export interface ParsedWords<Table extends OptionTable> {
  options: OptionValues<Table>;
  words: readonly string[];
}

/**
 * Reads options as Docker's CLI does: `--name value`, `--name=value`, `-n value`, `-nvalue`, `-n=value`, letters together (`-it`);
 * `--` ends them.
 * @throws {UsageError}
 */
export function parseOptions<const Table extends OptionTable>(
  table: Table,
  args: readonly string[],
  { stopAtFirstWord = false }: { stopAtFirstWord?: boolean | undefined } = {},
): ParsedWords<Table> {
  const rest = [...args];
  const words: string[] = [];
  const values = emptyValues(table);
  const given = new Set<string>();
  const reader: Reader = { table, rest, values, given };
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '--') {
      words.push(...rest);
      break;
    }
    if (word === '-' || !word.startsWith('-')) {
      words.push(word);
      if (!stopAtFirstWord) continue;
      words.push(...rest);
      break;
    }
    if (word.startsWith('--')) readLong(reader, word);
    else readLetters(reader, word);
  }
  return { options: { ...values, [GIVEN]: given } as unknown as OptionValues<Table>, words };
}

interface Reader {
  table: OptionTable;
  rest: string[];
  values: Record<string, unknown>;
  given: Set<string>;
}

function emptyValues(table: OptionTable): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(table).map(([name, { kind }]) => [name, kind === 'flag' ? false : kind === 'list' ? [] : undefined]),
  );
}

function readLong(reader: Reader, word: string): void {
  const equals = word.indexOf('=');
  const name = word.slice(2, equals < 0 ? undefined : equals);
  const attached = equals < 0 ? undefined : word.slice(equals + 1);
  const option = Object.hasOwn(reader.table, name) ? reader.table[name] : undefined;
  if (option === undefined) throw unknownOption(`--${name}`, reader.table);
  store(reader, name, valueOf(reader, { option, shown: `--${name}`, attached }));
}

function readLetters(reader: Reader, word: string): void {
  for (let index = 1; index < word.length; index++) {
    const letter = word[index] ?? '';
    const [name, option] = Object.entries(reader.table).find(([, { short }]) => short === letter) ?? [];
    if (name === undefined || option === undefined) throw unknownOption(`-${letter}`, reader.table, word);
    const tail = word.slice(index + 1);
    if ((option.kind === 'flag' || option.kind === 'choice') && !tail.startsWith('=')) {
      store(reader, name, valueOf(reader, { option, shown: `-${letter}`, attached: undefined }));
      continue;
    }
    const attached = tail === '' ? undefined : tail.replace(/^=/, '');
    store(reader, name, valueOf(reader, { option, shown: `-${letter}`, attached }));
    return;
  }
}

interface Written {
  option: OptionKind;
  /** As the person wrote it, for messages. */
  shown: string;
  attached: string | undefined;
}

function valueOf({ rest }: Reader, { option, shown, attached }: Written): string | boolean | number {
  if (option.kind === 'flag') return attached === undefined ? true : readBoolean(shown, attached);
  if (option.kind === 'choice') return attached ?? '';
  const text = attached ?? rest.shift();
  if (text === undefined) throw new UsageError(`${shown} needs a value`, { why: option.help });
  if (option.kind !== 'number') return text;
  if (!/^-?\d+(\.\d+)?$/.test(text)) throw new UsageError(`${shown} needs a number, not ${JSON.stringify(text)}`);
  return Number(text);
}

function readBoolean(shown: string, text: string): boolean {
  if (/^(1|t|true)$/i.test(text)) return true;
  if (/^(0|f|false)$/i.test(text)) return false;
  throw new UsageError(`${shown} is true or false, not ${JSON.stringify(text)}`);
}

function store({ values, table, given }: Reader, name: string, value: string | boolean | number): void {
  given.add(name);
  if (table[name]?.kind === 'list') (values[name] as (string | boolean | number)[]).push(value);
  else values[name] = value;
}

function unknownOption(shown: string, table: OptionTable, within?: string): UsageError {
  const nearest = shown.startsWith('--') ? suggest(shown.slice(2), Object.keys(table)) : undefined;
  return new UsageError(`unknown option ${shown}${within === undefined || within === shown ? '' : ` in ${within}`}`, {
    ...(nearest !== undefined && { hint: `did you mean --${nearest}?` }),
  });
}

/** The candidate that a misspelt word most probably means; undefined if none is near. */
export function suggest(word: string, candidates: readonly string[]): string | undefined {
  const limit = word.length <= 3 ? 1 : word.length <= 6 ? 2 : 3;
  const ranked = candidates
    .map((candidate) => ({ candidate, distance: editDistance(word, candidate) }))
    .filter(({ distance }) => distance <= limit)
    .toSorted((a, b) => a.distance - b.distance);
  return ranked[0]?.candidate;
}

/** Insertions, deletions, changes and swaps of neighbours between two words. */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min((next[j - 1] ?? 0) + 1, (row[j] ?? 0) + 1, (row[j - 1] ?? 0) + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, (before[j - 2] ?? 0) + 1);
      next.push(best);
    }
    [before, row] = [row, next];
  }
  return row[b.length] ?? 0;
}
