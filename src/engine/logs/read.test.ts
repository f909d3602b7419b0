import { appendFile, mkdtempDisposable, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createLogParser, timeNano, toUtc } from './entry.ts';
import { type LogOptions, readLog } from './read.ts';

const line = (second: number, text: string, partial = false): string =>
  `2026-01-01T00:00:${String(second).padStart(2, '0')}.000000001+00:00 stdout ${partial ? 'P' : 'F'} ${text}\n`;

async function textOf(path: string, options: LogOptions = {}): Promise<string> {
  const batches = await Array.fromAsync(readLog(path, options));
  return batches.flat().map(({ text, partial }) => `${Buffer.from(text).toString()}${partial ? '' : '\n'}`).join(''); // prettier-ignore
}

test('records come out whatever way the bytes are cut', () => {
  const bytes = Buffer.from(`${line(1, 'one')}${line(2, 'a b  c')}${line(3, '')}torn`);
  for (let size = 1; size < bytes.length; size++) {
    const parser = createLogParser();
    const entries = [];
    for (let at = 0; at < bytes.length; at += size) entries.push(...parser.push(bytes.subarray(at, at + size)));
    expect(entries.map(({ text }) => Buffer.from(text).toString())).toEqual(['one', 'a b  c', '']);
  }
});

test('times keep their nanoseconds', () => {
  expect(toUtc(Buffer.from('2026-01-02T03:04:05.123456789+00:00'))).toBe('2026-01-02T03:04:05.123456789Z');
  expect(timeNano(Buffer.from('2026-01-02T03:04:05.123456789+00:00')) % 1_000_000_000n).toBe(123_456_789n);
});

test('a tail counts whole lines, pieces with the line they belong to', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'log-'));
  const path = join(folder.path, 'log');
  await writeFile(path, line(1, 'one') + line(2, 'tw', true) + line(2, 'o') + line(3, 'three'));
  expect(await textOf(path, { tail: 1 })).toBe('three\n');
  expect(await textOf(path, { tail: 2 })).toBe('two\nthree\n');
  expect(await textOf(path, { tail: 9 })).toBe('one\ntwo\nthree\n');
  expect(await textOf(path, { tail: 0 })).toBe('');
});

test('a tail reaches through a file larger than a block and into a rotated one', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'log-'));
  const path = join(folder.path, 'log');
  const many = Array.from({ length: 5000 }, (_, index) => line(1, `line ${index}`)).join('');
  await writeFile(`${path}.1`, many);
  await writeFile(path, line(2, 'new'));
  expect(await textOf(path, { tail: 3 })).toBe('line 4998\nline 4999\nnew\n');
  const all = await textOf(path, { tail: 4000 });
  expect(all.split('\n')).toHaveLength(4001);
});

test('since and until choose by time, both ends included', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'log-'));
  const path = join(folder.path, 'log');
  await writeFile(path, line(1, 'one') + line(2, 'two') + line(3, 'three'));
  const two = timeNano(Buffer.from('2026-01-01T00:00:02.000000001+00:00'));
  expect(await textOf(path, { sinceNano: two })).toBe('two\nthree\n');
  expect(await textOf(path, { untilNano: two })).toBe('one\ntwo\n');
});

test('following goes on through a rotation and ends with the writer', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'log-'));
  const path = join(folder.path, 'log');
  await writeFile(path, line(1, 'one'));
  const { promise, resolve } = Promise.withResolvers<void>();
  const text = textOf(path, { follow: { ended: promise } });
  await sleep(50);
  await appendFile(path, line(2, 'two'));
  await rename(path, `${path}.1`);
  await writeFile(path, line(3, 'three'));
  await sleep(100);
  await appendFile(path, line(4, 'four'));
  resolve();
  expect(await text).toBe('one\ntwo\nthree\nfour\n');
});

test('following ends when its reader leaves', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'log-'));
  const path = join(folder.path, 'log');
  await writeFile(path, line(1, 'one'));
  const leaving = new AbortController();
  const text = textOf(path, { follow: { ended: new Promise(() => {}) }, signal: leaving.signal });
  await sleep(50);
  leaving.abort();
  expect(await text).toBe('one\n');
});
