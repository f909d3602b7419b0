import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { keepStartup, readStartup } from './startup-record.ts';

let cache = '';
beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), 'b-cache-'));
  vi.stubEnv('XDG_CACHE_HOME', cache);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(cache, { recursive: true, force: true });
});

const STARTUP = { importMs: 800, readyMs: 900, firstAnswerMs: 1000, peakMemoryBytes: 1e8 };

test('a measurement is kept for its folder, and replaced only by one that is quite different', async () => {
  await keepStartup('/a', STARTUP);
  await keepStartup('/a', { ...STARTUP, firstAnswerMs: 1900 });
  expect(await readStartup('/a')).toEqual(STARTUP);
  await keepStartup('/a', { ...STARTUP, firstAnswerMs: 2100 });
  expect(await readStartup('/a')).toMatchObject({ firstAnswerMs: 2100 });
  expect(await readStartup('/b')).toBeUndefined();
});

test('a place that cannot be written costs only the record', async () => {
  vi.stubEnv('XDG_CACHE_HOME', '/dev/null/cache');
  await keepStartup('/a', STARTUP);
  expect(await readStartup('/a')).toBeUndefined();
});
