import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createCacheGc } from './gc.ts';
import type { PruneRule } from './prune.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const RULES: readonly PruneRule[] = [
  { all: false, filters: ['type==source.local'] },
  { all: true, filters: [] },
];

function createSubject(prune: (rule: PruneRule) => Promise<{ records: []; bytes: number }>): {
  gc: ReturnType<typeof createCacheGc>;
  warnings: string[];
} {
  const warnings: string[] = [];
  const log = { debug() {}, info() {}, warn: (message: string) => void warnings.push(message), error() {} };
  return { gc: createCacheGc({ rules: async () => RULES, prune, log }), warnings };
}

test('the rules are applied in order, a moment after the last build and not too often', async () => {
  const applied: PruneRule[] = [];
  const { gc } = createSubject(async (rule) => {
    applied.push(rule);
    return { records: [], bytes: 0 };
  });
  gc.want();
  gc.want();
  await vi.advanceTimersByTimeAsync(500);
  expect(applied).toEqual([]);
  await vi.advanceTimersByTimeAsync(600);
  expect(applied).toEqual(RULES);
  gc.want();
  await vi.advanceTimersByTimeAsync(5000);
  expect(applied).toHaveLength(2);
  await vi.advanceTimersByTimeAsync(30_000);
  expect(applied).toHaveLength(4);
  await gc[Symbol.asyncDispose]();
  gc.want();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(applied).toHaveLength(4);
});

test('what fails is told, and tried again with the next build', async () => {
  let count = 0;
  const { gc, warnings } = createSubject(async () => {
    count += 1;
    throw new Error('the disk is full');
  });
  gc.want();
  await vi.advanceTimersByTimeAsync(2000);
  gc.want();
  await vi.advanceTimersByTimeAsync(31_000);
  expect([count, warnings.length]).toEqual([2, 2]);
});
