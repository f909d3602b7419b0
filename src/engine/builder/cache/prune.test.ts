import { expect, test } from 'vitest';
import type { CacheRecord } from './cache-record.ts';
import { chooseRecords, pruneCache, type PruneRule } from './prune.ts';
import { compileRecordFilters } from './record-filter.ts';

const NOW = 1_000_000;

function record(id: string, changes: Partial<CacheRecord> = {}): CacheRecord {
  return {
    id,
    kind: 'regular',
    parents: [],
    description: `step ${id}`,
    bytes: 10,
    created: 0,
    used: NOW,
    uses: 1,
    isUsed: false,
    isShared: false,
    isMutable: false,
    ...changes,
  };
}

function choose(records: readonly CacheRecord[], rule: Partial<PruneRule> = {}, freeBytes = 1000): string[] {
  return chooseRecords(records, { all: false, filters: [], ...rule }, { now: NOW, freeBytes }).map(({ id }) => id);
}

test('a step goes before what it was done on, and one that is in use keeps all below it', () => {
  const chain = [record('a'), record('b', { parents: ['a'] }), record('c', { parents: ['b'] })];
  expect(choose(chain)).toEqual(['c', 'b', 'a']);
  expect(choose([...chain, record('d', { parents: ['b'], isUsed: true })])).toEqual(['c']);
});

test('what images share, and what is internal, goes only with all', () => {
  const records = [record('a', { isShared: true }), record('b', { kind: 'internal' }), record('c')];
  expect(choose(records)).toEqual(['c']);
  expect(choose(records, { all: true }).toSorted()).toEqual(['a', 'b', 'c']);
});

test('down to a limit, what is longest unused and least used goes first', () => {
  const records = [
    record('often', { used: 1, uses: 9 }),
    record('old', { used: 2 }),
    record('new', { used: 100 }),
    record('shared', { used: 0, isShared: true, bytes: 500 }),
  ];
  expect(choose(records, { maxUsedBytes: 20 })).toEqual(['old']);
  expect(choose(records, { reservedBytes: 10 })).toEqual(['old', 'often']);
  expect(choose(records, { maxUsedBytes: 30 })).toEqual([]);
  expect(choose(records, { maxUsedBytes: 20, all: true })).toEqual(['old']);
  expect(choose(records, { maxUsedBytes: 5, reservedBytes: 25 })).toEqual(['old']);
});

test('a disk that is short of space takes from the cache what is missing, but not the reserve', () => {
  const records = [record('a', { used: 1 }), record('b', { used: 2 }), record('c', { used: 3 })];
  expect(choose(records, { minFreeBytes: 100 }, 85)).toEqual(['a', 'b']);
  expect(choose(records, { minFreeBytes: 100, reservedBytes: 20 }, 0)).toEqual(['a']);
  expect(choose(records, { minFreeBytes: 100 }, 200)).toEqual([]);
});

test('an age keeps what was used since', () => {
  const records = [
    record('old', { used: NOW - 500 }),
    record('new', { used: NOW - 10 }),
    record('never', { used: undefined }),
  ];
  expect(choose(records, { keepDurationMs: 100 })).toEqual(['never', 'old']);
});

test('thousands of steps in a row are sorted out at once', () => {
  const records = Array.from({ length: 20_000 }, (_, index) =>
    record(`${index}`, { parents: index === 0 ? [] : [`${index - 1}`], used: index }),
  );
  const started = performance.now();
  expect(choose(records)).toHaveLength(20_000);
  expect(performance.now() - started).toBeLessThan(1000);
});

test('only what its keeper removed counts as removed', async () => {
  const rule = { all: true, filters: [] };
  const source = {
    list: async () => [record('a'), record('b')],
    remove: async (ids: ReadonlySet<string>) => ({ ids: [...ids].filter((id) => id === 'a'), bytes: 7 }),
  };
  const pruned = await pruneCache({ sources: [source], freeBytes: async () => 0 }, rule);
  expect(pruned.records.map(({ id }) => id)).toEqual(['a']);
  expect(pruned.bytes).toBe(7);
});

test('filters compare fields, in the forms that clients write', () => {
  const pip = record('abc', {
    kind: 'exec.cachemount',
    description: 'mount /root/.cache/pip',
    isMutable: true,
    parents: ['p'],
  });
  const matches = (...filters: string[]): boolean => compileRecordFilters(filters)(pip);
  expect(matches()).toBe(true);
  expect(matches('type==exec.cachemount')).toBe(true);
  expect(matches('type=regular')).toBe(false);
  expect(matches('type!=regular')).toBe(true);
  expect(matches('description~=cache/p.p$')).toBe(true);
  expect(matches('description~="a, b"')).toBe(false);
  expect(matches('id~=^ab,mutable')).toBe(true);
  expect(matches('type=source.local,type=exec.cachemount')).toBe(true);
  expect(matches('type=source.local,type=exec.cachemount,inuse')).toBe(false);
  expect(matches('mutable,inuse')).toBe(false);
  expect(matches('inuse==false')).toBe(true);
  expect(matches('shared!=true')).toBe(true);
  expect(matches('type==regular', 'parent==p')).toBe(true);
  expect(() => matches('colour==red')).toThrow(/no such field|invalid filter/);
  expect(() => matches('description~=(')).toThrow('invalid filter');
});
