import type { CacheRecord, CacheRecordSource } from './cache-record.ts';
import { compileRecordFilters } from './record-filter.ts';

/** What is removed of the cache, BuildKit's words. Absent limits are none. */
export interface PruneRule {
  /** Also what images share, and what is internal. */
  all: boolean;
  filters: readonly string[];
  /** What was used within this time stays, milliseconds. */
  keepDurationMs?: number;
  /** Bytes of the cache that stay in any case. */
  reservedBytes?: number;
  /** Bytes that the cache may have. */
  maxUsedBytes?: number;
  /** Bytes of the disk that should be free; the cache gives of what is not reserved. */
  minFreeBytes?: number;
}

/** What was removed. */
export interface Pruned {
  records: readonly CacheRecord[];
  /** Bytes that came back to the disk. */
  bytes: number;
}

export interface PruneDeps {
  sources: readonly CacheRecordSource[];
  /** Free bytes of the disk. */
  freeBytes: () => Promise<number>;
}

/** Removes what a rule asks for; never what a running build uses, nor what something that stays is done on. */
export async function pruneCache({ sources, freeBytes }: PruneDeps, rule: PruneRule): Promise<Pruned> {
  const listed = await Promise.all(sources.map((source) => source.list()));
  const all = listed.flat();
  const chosen = chooseRecords(all, rule, { now: Date.now(), freeBytes: await freeBytes() });
  const removed = new Set<string>();
  let bytes = 0;
  for (const [index, source] of sources.entries()) {
    const own = new Set((listed[index] ?? []).map(({ id }) => id));
    const ids = new Set(chosen.map(({ id }) => id).filter((id) => own.has(id)));
    if (ids.size === 0) continue;
    const result = await source.remove(ids);
    for (const id of result.ids) removed.add(id);
    bytes += result.bytes;
  }
  return { records: chosen.filter(({ id }) => removed.has(id)), bytes };
}

/** What a rule removes, in the order in which it goes. */
export function chooseRecords(
  records: readonly CacheRecord[],
  rule: PruneRule,
  { now, freeBytes }: { now: number; freeBytes: number },
): CacheRecord[] {
  const matches = compileRecordFilters(rule.filters);
  const totalBytes = records.reduce((sum, { bytes, isShared }) => sum + (isShared ? 0 : bytes), 0);
  const limitBytes = keptBytes(rule, { totalBytes, freeBytes });
  // To come down to a limit, what frees nothing need not go.
  const mayShare = rule.all && limitBytes === undefined;
  const mayGo = (record: CacheRecord): boolean =>
    !record.isUsed &&
    (mayShare || !record.isShared) &&
    (rule.all || (record.kind !== 'internal' && record.kind !== 'frontend')) &&
    (rule.keepDurationMs === undefined || (record.used ?? 0) <= now - rule.keepDurationMs) &&
    matches(record);
  return removeLeaves(records, mayGo, { excess: limitBytes === undefined ? Infinity : totalBytes - limitBytes });
}

/** Bytes that the cache keeps; undefined if there is no limit to go down to. */
function keptBytes(
  { reservedBytes = 0, maxUsedBytes = 0, minFreeBytes = 0 }: PruneRule,
  { totalBytes, freeBytes }: { totalBytes: number; freeBytes: number },
): number | undefined {
  if (reservedBytes === 0 && maxUsedBytes === 0 && minFreeBytes === 0) return undefined;
  const missing = minFreeBytes - freeBytes;
  const limits = [
    ...(maxUsedBytes > 0 ? [maxUsedBytes] : []),
    ...(minFreeBytes > 0 ? [missing > 0 ? totalBytes - missing : totalBytes] : []),
  ];
  // A reserve alone is what to go down to.
  return Math.max(limits.length === 0 ? 0 : Math.min(...limits), reservedBytes);
}

/** One after another, only those that nothing is done on; until `excess` bytes are gone. */
function removeLeaves(
  records: readonly CacheRecord[],
  mayGo: (record: CacheRecord) => boolean,
  { excess }: { excess: number },
): CacheRecord[] {
  const children = new Map<string, number>();
  for (const { parents } of records) for (const id of parents) children.set(id, (children.get(id) ?? 0) + 1);
  const order = rank(records.filter(mayGo));
  const places = new Map(order.map(({ id }, place) => [id, place]));
  const free = createQueue();
  for (const [place, { id }] of order.entries()) if (!children.has(id)) free.add(place);
  const chosen: CacheRecord[] = [];
  let left = excess;
  while (left > 0) {
    const record = order[free.take() ?? -1];
    if (record === undefined) break;
    chosen.push(record);
    if (!record.isShared) left -= record.bytes;
    for (const id of record.parents) {
      const count = (children.get(id) ?? 1) - 1;
      children.set(id, count);
      const place = places.get(id);
      if (count === 0 && place !== undefined) free.add(place);
    }
  }
  return chosen;
}

/** Numbers, the smallest first. */
function createQueue(): { add(place: number): void; take(): number | undefined } {
  const places: number[] = []; // largest first
  return {
    add(place) {
      let [from, to] = [0, places.length];
      while (from < to) {
        const middle = (from + to) >> 1;
        if ((places[middle] ?? 0) > place) from = middle + 1;
        else to = middle;
      }
      places.splice(from, 0, place);
    },
    take: () => places.pop(),
  };
}

/** Longest unused and least used first; both count the same. */
function rank(records: readonly CacheRecord[]): CacheRecord[] {
  const places = (value: (record: CacheRecord) => number): Map<CacheRecord, number> => {
    const values = [...new Set(records.map(value))].toSorted((a, b) => a - b);
    const place = new Map(values.map((one, index) => [one, index / Math.max(1, values.length - 1)]));
    return new Map(records.map((record) => [record, place.get(value(record)) ?? 0]));
  };
  const byTime = places(({ used }) => used ?? 0);
  const byUses = places(({ uses }) => uses);
  const score = (record: CacheRecord): number => (byTime.get(record) ?? 0) + (byUses.get(record) ?? 0);
  return records.toSorted((a, b) => score(a) - score(b) || (a.used ?? 0) - (b.used ?? 0));
}
