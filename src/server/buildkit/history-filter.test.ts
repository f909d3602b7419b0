import { expect, test } from 'vitest';
import type { BuildRecord } from '#engine/builder/cache/build-record.ts';
import { compileHistoryFilters } from './history-filter.ts';

const record = (changes: Partial<BuildRecord>): BuildRecord =>
  ({
    ref: 'r',
    status: 'completed',
    started: Date.parse('2024-05-02'),
    completed: Date.parse('2024-05-02') + 90_000,
    asked: {},
    ...changes,
  }) as BuildRecord;

const fits = (filter: string, changes: Partial<BuildRecord> = {}): boolean =>
  compileHistoryFilters([filter])(record(changes));

test('builds are found by how they ended, when, and how long they took', () => {
  expect([fits('status=completed'), fits('status==error'), fits('status==error', { status: 'failed' })]).toEqual([
    true,
    false,
    true,
  ]);
  expect([fits('startedAt>2024-05-01'), fits('startedAt>=2024-05-03'), fits('startedAt>1h')]).toEqual([
    true,
    false,
    false,
  ]);
  expect([fits('duration>1m'), fits('duration<1m30s'), fits('duration<=1m30s')]).toEqual([true, false, true]);
  expect([fits('repository~=example', { asked: { 'vcs:source': 'https://example.com/x' } }), fits('ref!=r')]).toEqual([
    true,
    false,
  ]);
  expect([fits('status=completed,duration<1s'), compileHistoryFilters(['ref=x', 'ref=r'])(record({}))]).toEqual([
    false,
    true,
  ]);
  expect(compileHistoryFilters([])(record({}))).toBe(true);
  expect(fits('completedAt<2030-01-01', { completed: undefined })).toBe(false);
});

test.each(['color=red', 'status', 'startedAt>soon', 'duration=2 hours', 'status<error'])(
  '%s is no filter',
  (filter) => {
    expect(() => fits(filter)).toThrow('invalid filter');
  },
);
