import { readdirSync } from 'node:fs';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { tarOf } from '#lib/erofs/test-image.ts';
import { CancelledError, InvalidArgumentError } from '#lib/errors.ts';
import { sha256 } from '#lib/sha256.ts';
import { openLanes } from './lanes.ts';

const tar = tarOf({ name: 'file', content: 'content' });
const threads = (): number => readdirSync('/proc/self/task').length;

test('so many layers at a time get threads, one after another the same ones, and idle threads end', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'lanes-'));
  await using lanes = openLanes({ count: 1, idleMs: 300 });
  const before = threads();
  for (const name of ['a', 'b']) {
    const sink = lanes.take({ path: join(folder.path, name), candidates: undefined });
    expect(lanes.take({ path: join(folder.path, 'other'), candidates: undefined })).toBeUndefined();
    await sink?.write(tar);
    expect(await sink?.finish()).toMatchObject({ diffId: sha256(tar), written: { tarBytes: tar.length } });
    await sink?.stop();
    await sink?.stop();
  }
  expect(threads()).toBeGreaterThanOrEqual(before + 2);
  await expect.poll(threads, { timeout: 5000 }).toBeLessThanOrEqual(before);
});

test('what is wrong with a tar is told while it is written, and the threads are as good as new', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'lanes-'));
  await using lanes = openLanes({ count: 1 });
  const bad = lanes.take({ path: join(folder.path, 'bad'), candidates: undefined });
  const failure = (async () => {
    for (;;) await bad?.write(Buffer.alloc(100_000, 'x'));
  })();
  await expect(failure).rejects.toThrow(InvalidArgumentError);
  await bad?.stop();
  const good = lanes.take({ path: join(folder.path, 'good'), candidates: undefined });
  await good?.write(tar);
  expect((await good?.finish())?.diffId).toBe(sha256(tar));
  await good?.stop();
});

test('a file that cannot be made is an error', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'lanes-'));
  await using lanes = openLanes({ count: 1 });
  const sink = lanes.take({ path: join(folder.path, 'none/file'), candidates: undefined });
  await sink?.write(tar);
  await expect(sink?.finish()).rejects.toThrow('no such file or directory');
  await sink?.stop();
});

test('no thread is left when all is over: not of what was under way, nor of what had just ended', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'lanes-'));
  const before = threads();
  const lanes = openLanes({ idleMs: 0 });
  const done = lanes.take({ path: join(folder.path, 'done'), candidates: undefined });
  await done?.write(tar);
  expect((await done?.finish())?.diffId).toBe(sha256(tar));
  await done?.stop();
  await sleep(5); // its threads are ending
  const left = lanes.take({ path: join(folder.path, 'left'), candidates: undefined });
  await left?.write(tar);
  await lanes[Symbol.asyncDispose]();
  expect(threads()).toBeLessThanOrEqual(before);
  // It was told to stop, and came to an end by itself.
  await expect(left?.finish()).rejects.toThrow(CancelledError);
});

test('nothing begins when all is over', async () => {
  const lanes = openLanes();
  await lanes[Symbol.asyncDispose]();
  expect(() => lanes.take({ path: '/none', candidates: undefined })).toThrow(CancelledError);
});
