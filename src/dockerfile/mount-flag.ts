import { InvalidArgumentError } from '#lib/errors.ts';
import { InstructionError } from './dockerfile-error.ts';
import { guess } from './nearest.ts';

export type MountType = 'bind' | 'cache' | 'tmpfs' | 'secret' | 'ssh';

/** What `RUN --mount=…` asks for. */
export interface MountFlag {
  type: MountType;
  target: string;
  source: string;
  /** Stage, index of a stage, or image; empty for the build context. */
  from: string;
  id: string;
  readOnly: boolean;
  required: boolean;
  /** Of a cache. */
  sharing: '' | 'shared' | 'private' | 'locked';
  /** Variable that a secret is given in. */
  env: string;
  mode: number | undefined;
  uid: number | undefined;
  gid: number | undefined;
  /** Of a tmpfs. */
  sizeBytes: number | undefined;
}

const TYPES: readonly string[] = ['bind', 'cache', 'tmpfs', 'secret', 'ssh'];
const SHARING: readonly string[] = ['shared', 'private', 'locked'];
const KEYS = [
  'type',
  'from',
  'source',
  'target',
  'id',
  'readonly',
  'readwrite',
  'required',
  'sharing',
  'env',
  'mode',
  'uid',
  'gid',
  'size',
];
const ALIASES: Readonly<Record<string, string>> = {
  src: 'source',
  dst: 'target',
  destination: 'target',
  ro: 'readonly',
  rw: 'readwrite',
};
const SIZE_UNITS: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 };

/**
 * @param expandValue replaces the variables of a value; all but `from` may have some
 * @throws {InvalidArgumentError} for an unknown key or type, or a value that cannot be
 */
export function parseMountFlag(text: string, expandValue?: (value: string) => string): MountFlag {
  const fields = new Map<string, string | undefined>();
  for (const field of text.split(',')) {
    const equals = field.indexOf('=');
    const written = field.slice(0, equals < 0 ? undefined : equals).toLowerCase();
    const key = ALIASES[written] ?? written;
    const isSwitch = ['readonly', 'readwrite', 'required'].includes(key);
    if (!KEYS.includes(key) || (equals < 0 && !isSwitch)) throw badKey(field, written);
    const value = equals < 0 ? undefined : field.slice(equals + 1);
    fields.set(key, value === undefined || expandValue === undefined ? value : expanded(key, value, expandValue));
  }
  const type = (fields.get('type') ?? 'bind').toLowerCase();
  if (!isMountType(type))
    throw new InstructionError(`unsupported mount type ${JSON.stringify(type)}${guess(type, TYPES)}`, {
      piece: `type=${fields.get('type') ?? ''}`,
      hint: `it is ${TYPES.join(', ')}`,
    });
  const readOnlyByType = type === 'bind' || type === 'secret' || type === 'ssh';
  const readWrite = switchOf(fields, 'readwrite');
  return {
    type,
    target: fields.get('target') ?? '',
    source: fields.get('source') ?? '',
    from: fields.get('from') ?? '',
    id: fields.get('id') ?? '',
    readOnly: switchOf(fields, 'readonly') ?? (readWrite === undefined ? readOnlyByType : !readWrite),
    required: switchOf(fields, 'required') ?? false,
    sharing: sharingOf(fields.get('sharing')),
    env: fields.get('env') ?? '',
    mode: numberOf(fields, 'mode', 8),
    uid: numberOf(fields, 'uid', 10),
    gid: numberOf(fields, 'gid', 10),
    sizeBytes: sizeOf(fields.get('size')),
  };
}

function expanded(
  ...[key, value, expandValue]: [key: string, value: string, expandValue: (value: string) => string]
): string {
  const result = expandValue(value);
  if (key !== 'from' || result === value) return result;
  throw new InvalidArgumentError("'from' doesn't support variable expansion, define alias stage instead", {
    why: `it is written as ${value}`,
    hint: 'write FROM with the variable and AS <name> before this stage, and from=<name> here',
  });
}

function isMountType(type: string): type is MountType {
  return TYPES.includes(type);
}

function badKey(field: string, key: string): InvalidArgumentError {
  const isKnown = KEYS.includes(key);
  return new InstructionError(
    isKnown
      ? `invalid field '${field}' must be a key=value pair`
      : `unexpected key '${key}' in '${field}'${guess(key, [...KEYS, ...Object.keys(ALIASES)])}`,
    { piece: field, hint: isKnown ? `write ${key}=<value>` : `it takes ${KEYS.join(', ')}` },
  );
}

function switchOf(fields: ReadonlyMap<string, string | undefined>, key: string): boolean | undefined {
  if (!fields.has(key)) return undefined;
  const value = fields.get(key)?.toLowerCase() ?? 'true';
  if (value === 'true' || value === '1') return true;
  if (value === 'false' || value === '0') return false;
  throw new InstructionError(`invalid value for ${key}: ${value}`, {
    piece: `${key}=${fields.get(key) ?? ''}`,
    hint: 'it is true or false',
  });
}

function sharingOf(value: string | undefined): MountFlag['sharing'] {
  const sharing = value?.toLowerCase() ?? '';
  if (sharing === '' || sharing === 'shared' || sharing === 'private' || sharing === 'locked') return sharing;
  throw new InstructionError(`unsupported sharing value ${JSON.stringify(value)}${guess(sharing, SHARING)}`, {
    piece: `sharing=${value}`,
    hint: 'it is shared, private or locked',
  });
}

function numberOf(
  fields: ReadonlyMap<string, string | undefined>,
  key: string,
  ...[base]: [base: 8 | 10]
): number | undefined {
  const text = fields.get(key);
  if (text === undefined) return undefined;
  if (!(base === 8 ? /^[0-7]{1,6}$/ : /^\d{1,10}$/).test(text))
    throw new InstructionError(`invalid value ${text} for ${key}`, { piece: `${key}=${text}` });
  return Number.parseInt(text, base);
}

function sizeOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const [, digits, unit = ''] = /^(\d+(?:\.\d+)?) ?([kmgt]?)(?:i?b)?$/i.exec(text) ?? [];
  if (digits === undefined)
    throw new InstructionError(`invalid size: ${text}`, { piece: `size=${text}`, hint: 'write it like 64m or 1g' });
  return Math.floor(Number(digits) * (SIZE_UNITS[unit.toLowerCase()] ?? 1));
}
