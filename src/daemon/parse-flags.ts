import { InvalidArgumentError } from '#lib/errors.ts';
import { readBuilderSettings } from './builder-settings.ts';
import { GIVEN, type Option, OPTIONS, type SettingValue, type SettingValues } from './options.ts';
import { parsePool, readNumber } from './setting-values.ts';

/**
 * Reads flags as dockerd does: `--name value`, `--name=value`, `-Hvalue`, `--debug`, `--debug=false`; lists by repetition.
 * @throws {InvalidArgumentError} naming the flag
 */
export function parseFlags(args: readonly string[]): SettingValues {
  const values = new Map<string, SettingValue>();
  const rest = [...args];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const { option, name, attached } = readWord(word);
    if (option === undefined) {
      acceptGiven(name, attached, rest);
      continue;
    }
    const text = option.kind === 'boolean' ? (attached ?? 'true') : (attached ?? rest.shift());
    if (text === undefined) throw new InvalidArgumentError(`flag needs an argument: --${option.flag}`, { hint: HELP });
    addValue(values, option, text);
  }
  return values;
}

const HELP = 'see berth engine run --help';

function readWord(word: string): { option: Option | undefined; name: string; attached: string | undefined } {
  if (!word.startsWith('-') || word === '-' || word === '--')
    throw new InvalidArgumentError(`unexpected argument: ${word}`, { hint: HELP });
  if (word.startsWith('--')) {
    const equals = word.indexOf('=');
    const name = word.slice(2, equals < 0 ? undefined : equals);
    const attached = equals < 0 ? undefined : word.slice(equals + 1);
    return { option: OPTIONS.find(({ flag }) => flag === name), name, attached };
  }
  const option = OPTIONS.find(({ short }) => short === word[1]);
  if (option === undefined)
    throw new InvalidArgumentError(`unknown shorthand flag: '${word[1]}' in ${word}`, { hint: HELP });
  const attached = word.slice(2).replace(/^=/, '');
  return { option, name: option.flag, attached: attached === '' ? undefined : attached };
}

function acceptGiven(name: string, attached: string | undefined, rest: string[]): void {
  const given = GIVEN.get(name);
  if (given === undefined)
    throw new InvalidArgumentError(`unknown flag: --${name}`, {
      why: 'this engine has no such setting, and ignoring it could do something else than you asked for',
      hint: HELP,
    });
  const isBoolean = typeof given[0] === 'boolean';
  const text = attached ?? (isBoolean ? 'true' : rest.shift());
  if (!given.map(String).includes(text ?? ''))
    throw new InvalidArgumentError(`--${name}=${text ?? ''} is not supported`, {
      why: `this engine always does --${name}=${String(given[0])}`,
      hint: 'leave the flag out',
    });
}

function addValue(values: Map<string, SettingValue>, option: Option, text: string): void {
  const { flag, kind } = option;
  if (kind === 'boolean') values.set(flag, readBoolean(flag, text));
  else if (kind === 'number') values.set(flag, readNumber(`--${flag}`, text));
  else if (kind === 'list') values.set(flag, [...((values.get(flag) as string[] | undefined) ?? []), text]);
  else if (kind === 'pools')
    values.set(flag, [...((values.get(flag) as ReturnType<typeof parsePool>[] | undefined) ?? []), parsePool(text)]);
  else if (kind === 'builder') values.set(flag, readBuilderSettings(parseJson(flag, text), `--${flag}`));
  else values.set(flag, text);
}

function parseJson(flag: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InvalidArgumentError(`invalid argument ${JSON.stringify(text)} for --${flag}: it is no JSON`, {
      cause: error,
    });
  }
}

function readBoolean(flag: string, text: string): boolean {
  if (/^(1|t|true)$/i.test(text)) return true;
  if (/^(0|f|false)$/i.test(text)) return false;
  throw new InvalidArgumentError(`invalid argument ${JSON.stringify(text)} for --${flag}: expected true or false`);
}
