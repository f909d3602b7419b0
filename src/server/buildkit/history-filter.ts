import type { BuildRecord } from '#engine/builder/cache/build-record.ts';
import { InvalidArgumentError } from '#lib/errors.ts';

type Test = (record: BuildRecord) => boolean;

/** BuildKit's words for how a build ended. */
const STATUS: Readonly<Record<BuildRecord['status'], string>> = {
  running: 'running',
  completed: 'completed',
  failed: 'error',
  canceled: 'canceled',
};

const FIELDS = ['ref', 'status', 'repository', 'startedat', 'completedat', 'duration'];
const PART = /^([a-z]+)\s*(==|!=|<=|>=|~=|=|<|>)\s*(.*)$/is;

/**
 * Filters as BuildKit's clients send them: `status=error,startedAt>2024-05-01`, `duration>1m30s`. All parts of one must hold, of several one must.
 * @throws {InvalidArgumentError}
 */
export function compileHistoryFilters(filters: readonly string[]): Test {
  const tests = filters.filter((text) => text.trim() !== '').map(compileOne);
  return (record) => tests.length === 0 || tests.some((test) => test(record));
}

function compileOne(text: string): Test {
  const parts = text.split(',').map((part) => compilePart(part.trim()));
  return (record) => parts.every((test) => test(record));
}

function compilePart(part: string): Test {
  const [, name = '', operator = '', written = ''] = PART.exec(part) ?? [];
  const field = name.toLowerCase();
  const value = written.replace(/^"(.*)"$/s, '$1');
  if (!FIELDS.includes(field))
    throw new InvalidArgumentError(`invalid filter ${JSON.stringify(part)}`, {
      hint: 'filter by ref, status, repository, startedAt, completedAt or duration',
    });
  if (field === 'startedat' || field === 'completedat' || field === 'duration')
    return compileNumber(field, operator, value);
  const textOf = (record: BuildRecord): string => {
    if (field === 'ref') return record.ref;
    return field === 'status' ? STATUS[record.status] : (record.asked['vcs:source'] ?? '');
  };
  if (operator === '==' || operator === '=') return (record) => textOf(record) === value;
  if (operator === '!=') return (record) => textOf(record) !== value;
  if (operator === '~=') return (record) => textOf(record).includes(value);
  throw new InvalidArgumentError(`invalid filter ${JSON.stringify(part)}`, { why: 'texts have no order' });
}

/** Times and durations in milliseconds. */
function compileNumber(...[field, operator, value]: [field: string, operator: string, value: string]): Test {
  const limit = field === 'duration' ? parseDuration(value) : parseTime(value);
  if (limit === undefined)
    throw new InvalidArgumentError(
      `invalid filter: ${JSON.stringify(value)} is no ${field === 'duration' ? 'duration' : 'time'}`,
      {
        hint: 'write times as 2024-05-01 or 2024-05-01T10:00:00Z, durations as 1h30m',
      },
    );
  return ({ started, completed }) => {
    const actual =
      field === 'startedat' ? started : field === 'completedat' ? completed : (completed ?? Date.now()) - started;
    if (actual === undefined) return false;
    if (operator === '<') return actual < limit;
    if (operator === '<=') return actual <= limit;
    if (operator === '>') return actual > limit;
    if (operator === '>=') return actual >= limit;
    return operator === '!=' ? actual !== limit : actual === limit;
  };
}

/** A date, a time, or how long ago. */
function parseTime(text: string): number | undefined {
  const ago = parseDuration(text);
  if (ago !== undefined) return Date.now() - ago;
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function parseDuration(text: string): number | undefined {
  if (!/^(?:\d+(?:\.\d+)?(?:ms|[smhd]))+$/.test(text)) return undefined;
  let sum = 0;
  for (const [, number, unit = ''] of text.matchAll(/(\d+(?:\.\d+)?)(ms|[smhd])/g))
    sum += Number(number) * (UNITS[unit] ?? 0);
  return sum;
}
