import { parseDuration } from '#api/durations.ts';
import { type DiskShare, type GcPolicy, type GcSettings, parseDiskShare } from '#engine/builder/cache/gc-rules.ts';
import { compileRecordFilters } from '#engine/builder/cache/record-filter.ts';
import { BerthError, InvalidArgumentError } from '#lib/errors.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Reads `builder` of the configuration file, of which `gc` counts here. @throws {InvalidArgumentError} naming the key */
export function readBuilderSettings(value: unknown, path: string): GcSettings {
  try {
    const { gc } = fieldsOf(value, 'builder', ['gc']);
    return gc === undefined ? { enabled: true } : readGc(gc);
  } catch (error) {
    if (!(error instanceof BerthError)) throw error;
    throw new InvalidArgumentError(`${path}: ${error.message}`, {
      hint: error.hint ?? 'write it as dockerd has it, for example {"gc": {"defaultReservedSpace": "20GB"}}',
      cause: error,
    });
  }
}

const GC_KEYS = [
  'enabled',
  'defaultKeepStorage',
  'defaultReservedSpace',
  'defaultMaxUsedSpace',
  'defaultMinFreeSpace',
  'policy',
];

function readGc(value: unknown): GcSettings {
  const fields = fieldsOf(value, 'builder.gc', GC_KEYS);
  const { enabled = true, policy } = fields;
  if (typeof enabled !== 'boolean') throw wrong('builder.gc.enabled', 'true or false', enabled);
  if (policy !== undefined && !Array.isArray(policy)) throw wrong('builder.gc.policy', 'a list of rules', policy);
  const rules = policy?.map((rule: unknown, index) => readPolicy(rule, `builder.gc.policy[${index}]`));
  return {
    enabled,
    ...sharesOf(fields, 'builder.gc', {
      reserved: ['defaultReservedSpace', 'defaultKeepStorage'],
      maxUsed: ['defaultMaxUsedSpace'],
      minFree: ['defaultMinFreeSpace'],
    }),
    ...(rules !== undefined && rules.length > 0 && { policy: rules }),
  };
}

const POLICY_KEYS = ['all', 'filter', 'keepStorage', 'reservedSpace', 'keepDuration', 'maxUsedSpace', 'minFreeSpace'];

function readPolicy(value: unknown, name: string): GcPolicy {
  const fields = fieldsOf(value, name, POLICY_KEYS);
  const { all = false, filter = [] } = fields;
  if (typeof all !== 'boolean') throw wrong(`${name}.all`, 'true or false', all);
  const filters = typeof filter === 'string' ? [filter] : filter;
  if (!Array.isArray(filters) || !filters.every((one) => typeof one === 'string'))
    throw wrong(`${name}.filter`, 'a list of strings', filter);
  // The age may also stand among the filters.
  const age = filters.find(isAge)?.replace(/^[^=]*=+/, '') ?? fields['keepDuration'];
  const others = filters.filter((one) => !isAge(one));
  compileRecordFilters(others);
  return {
    all,
    filters: others,
    ...(age !== undefined && { keepDurationMs: readAge(age, `${name}.keepDuration`) }),
    ...sharesOf(fields, name, {
      reserved: ['reservedSpace', 'keepStorage'],
      maxUsed: ['maxUsedSpace'],
      minFree: ['minFreeSpace'],
    }),
  };
}

function isAge(filter: string): boolean {
  return /^(unused-for|until)=/.test(filter);
}

function readAge(value: unknown, name: string): number {
  const [text] = Array.isArray(value) ? (value as unknown[]) : [value];
  const duration = typeof text === 'string' ? parseDuration(text) : undefined;
  if (duration === undefined) throw wrong(name, 'a duration such as 48h', value);
  return Number(duration / 1_000_000n);
}

type Shares = { [name in 'reserved' | 'maxUsed' | 'minFree']?: DiskShare };

/** The first of each list of keys that is there. */
function sharesOf(
  fields: Fields,
  ...[at, keys]: [at: string, keys: Record<'reserved' | 'maxUsed' | 'minFree', readonly string[]>]
): Shares {
  const shares: Shares = {};
  for (const name of ['reserved', 'maxUsed', 'minFree'] as const) {
    const key = keys[name].find((one) => fields[one] !== undefined);
    if (key === undefined) continue;
    const value = fields[key];
    if (typeof value !== 'string' && typeof value !== 'number')
      throw wrong(`${at}.${key}`, 'a size such as 20GB', value);
    shares[name] = parseDiskShare(String(value));
  }
  return shares;
}

function fieldsOf(value: unknown, ...[name, known]: [name: string, known: readonly string[]]): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(name, 'an object', value);
  const unknown = Object.keys(value).find((key) => !known.includes(key));
  if (unknown !== undefined)
    throw new InvalidArgumentError(`${name} has no ${unknown}`, { hint: `it can have ${known.join(', ')}` });
  return value as Fields;
}

function wrong(name: string, expected: string, value: unknown): InvalidArgumentError {
  return new InvalidArgumentError(`${name} must be ${expected}, not ${JSON.stringify(value)}`);
}
