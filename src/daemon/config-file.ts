import { readFile } from 'node:fs/promises';
import { InvalidArgumentError } from '#lib/errors.ts';
import { readBuilderSettings } from './builder-settings.ts';
import { type AddressPool, GIVEN, type Option, OPTIONS, type SettingValue, type SettingValues } from './options.ts';
import { checkPool } from './setting-values.ts';

const LIMIT_BYTES = 1024 * 1024;

/**
 * Reads a configuration file in the form of dockerd's daemon.json. A file that is not there is empty if it is `optional`.
 * @throws {InvalidArgumentError} naming file and key
 */
export async function readConfigFile(path: string, { optional }: { optional: boolean }): Promise<SettingValues> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && optional) return new Map();
    throw new InvalidArgumentError(`cannot read the configuration file ${path}: ${code}`, { cause: error });
  }
  if (text.length > LIMIT_BYTES) throw new InvalidArgumentError(`the configuration file ${path} is too large`);
  return parseConfig(text, path);
}

/** @throws {InvalidArgumentError} */
export function parseConfig(text: string, path: string): SettingValues {
  if (text.trim() === '') return new Map();
  const document = parseJson(text, path);
  const values = new Map<string, SettingValue>();
  const unknown: string[] = [];
  for (const [key, value] of Object.entries(document)) {
    const option = OPTIONS.find((candidate) => candidate.key === key);
    if (option !== undefined) values.set(option.flag, readValue(option, value, path));
    else if (!GIVEN.has(key)) unknown.push(key);
    else checkGiven(key, value, path);
  }
  if (unknown.length > 0)
    throw new InvalidArgumentError(
      `${path}: the following directives don't match any configuration option: ${unknown.join(', ')}`,
      {
        why: 'this engine has no such settings, and ignoring them could do something else than you asked for',
        hint: 'remove them; berth engine run --help lists the flags, whose names are those of the keys',
      },
    );
  return values;
}

function parseJson(text: string, path: string): object {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw new InvalidArgumentError(`${path} is not valid JSON`, { why: (error as Error).message, cause: error });
  }
  if (typeof document !== 'object' || document === null || Array.isArray(document))
    throw new InvalidArgumentError(`${path} does not hold a JSON object`);
  return document;
}

function readValue({ kind, key }: Option, value: unknown, path: string): SettingValue {
  const wrong = (expected: string): InvalidArgumentError =>
    new InvalidArgumentError(`${path}: ${key} must be ${expected}, not ${JSON.stringify(value)}`);
  switch (kind) {
    case 'boolean':
      if (typeof value !== 'boolean') throw wrong('true or false');
      return value;
    case 'number':
      if (!Number.isInteger(value)) throw wrong('a whole number');
      return value as number;
    case 'list':
      if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) throw wrong('a list of strings');
      return value;
    case 'pools':
      if (!Array.isArray(value)) throw wrong('a list of {"base", "size"}');
      return value.map((pool) => checkPool(pool as AddressPool, JSON.stringify(pool)));
    case 'builder':
      return readBuilderSettings(value, path);
    default:
      if (typeof value !== 'string') throw wrong('a string');
      return value;
  }
}

function checkGiven(key: string, value: unknown, path: string): void {
  const given = GIVEN.get(key) ?? [];
  if (!given.includes(value as string | boolean))
    throw new InvalidArgumentError(`${path}: ${key}: ${JSON.stringify(value)} is not supported`, {
      why: `this engine always does ${key}: ${JSON.stringify(given[0])}`,
      hint: 'remove the key',
    });
}
