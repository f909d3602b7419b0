import { parseDuration } from '#api/durations.ts';
import { type Filters, parseFilters } from '#api/filters.ts';
import { queryFlag, queryInteger } from '#api/query.ts';
import { formatMillis, nowNano, parseTimestamp } from '#api/timestamps.ts';
import type { Builder } from '#engine/builder/builder.ts';
import type { CacheRecord } from '#engine/builder/cache/cache-record.ts';
import type { PruneRule } from '#engine/builder/cache/prune.ts';
import type { Events } from '#engine/events/events.ts';
import { InvalidArgumentError } from '#lib/errors.ts';
import type { Call, Route } from '../route.ts';

/** What this route needs of the engine. */
export interface BuildCacheBackend {
  builder: Builder;
  events: Events;
}

/** Engine API, tag Image: what builds keep. */
export function buildCacheRoutes(engine: BuildCacheBackend): readonly Route[] {
  return [['POST', '/build/prune', async (call) => prune(engine, call)]];
}

/** A record as `GET /system/df` has it. */
export function cacheRecordToWire(record: CacheRecord): Record<string, unknown> {
  const { id, parents, kind, description, isUsed, isShared, bytes, created, used, uses } = record;
  return {
    ID: id,
    Parents: parents.length === 0 ? null : parents,
    Type: kind,
    Description: description,
    InUse: isUsed,
    Shared: isShared,
    Size: bytes,
    CreatedAt: formatMillis(created),
    LastUsedAt: used === undefined ? null : formatMillis(used),
    UsageCount: uses,
  };
}

async function prune({ builder, events }: BuildCacheBackend, call: Call): Promise<void> {
  const { records, bytes } = await builder.prune(parseRule(call.query));
  events.publish({ type: 'builder', action: 'prune', id: '', attributes: { reclaimed: String(bytes) } });
  call.send(200, { CachesDeleted: records.map(({ id }) => id), SpaceReclaimed: bytes });
}

/** Fields that a filter of the Engine API stands for. */
const FIELDS = ['id', 'parent', 'type', 'description', 'inuse', 'shared', 'private', 'mutable', 'immutable'];
/** Those that are compared by a regular expression. */
const PATTERNS = ['id', 'description'];

/** @throws {InvalidArgumentError} */
function parseRule(query: URLSearchParams): PruneRule {
  const filters = parseFilters(query.get('filters'), ['until', 'unused-for', ...FIELDS]);
  const unused = [...filters.values('until'), ...filters.values('unused-for')];
  const parts = FIELDS.filter((name) => filters.has(name)).map((name) => partOf(filters, name));
  const reservedBytes = queryInteger(query, 'reserved-space') ?? queryInteger(query, 'keep-storage');
  const maxUsedBytes = queryInteger(query, 'max-used-space');
  const minFreeBytes = queryInteger(query, 'min-free-space');
  return {
    all: queryFlag(query, 'all'),
    filters: parts.length === 0 ? [] : [parts.join(',')],
    ...(unused.length > 0 && { keepDurationMs: Math.max(...unused.map(ageMs)) }),
    ...(reservedBytes !== undefined && { reservedBytes }),
    ...(maxUsedBytes !== undefined && { maxUsedBytes }),
    ...(minFreeBytes !== undefined && { minFreeBytes }),
  };
}

function partOf(filters: Filters, name: string): string {
  const [value = '', ...more] = filters.values(name);
  if (more.length > 0)
    throw new InvalidArgumentError(`invalid filter '${name}': it takes one value`, { hint: 'leave the others out' });
  if (value === '') return name;
  return `${name}${PATTERNS.includes(name) ? '~=' : '=='}${JSON.stringify(value)}`;
}

/** Milliseconds back to a duration's or a time's beginning. */
function ageMs(value: string): number {
  const duration = parseDuration(value);
  const now = nowNano();
  const time = duration === undefined ? parseTimestamp(value, now) : now - duration;
  if (time === undefined || duration === 0n)
    throw new InvalidArgumentError(`invalid filter: until expects a duration, got ${value}`, {
      hint: 'write it like 24h',
    });
  return Math.max(0, Number((now - time) / 1_000_000n));
}
