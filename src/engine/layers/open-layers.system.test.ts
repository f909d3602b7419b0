import { execFileSync } from 'node:child_process';
import { mkdtempDisposable, open, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tarOf } from '#lib/erofs/test-image.ts';
import { CancelledError, DataLossError, InvalidArgumentError, NotFoundError, TooLargeError } from '#lib/errors.ts';
import { sha256 } from '#lib/sha256.ts';
import { chunksOf, noise, openTestLayers } from './test-layers.ts';

const limitBytes = 1e9;
const small = tarOf({ name: 'a/' }, { name: 'a/file', content: 'content' }, { name: 'a/link', kind: 'symlink', linkName: 'file' }); // prettier-ignore
/** More than what is dealt with in one thread. */
const large = tarOf(
  ...Array.from({ length: 40 }, (_, index) => ({ name: `f${index}`, content: noise(index, 100_000 + index) })),
);

test.each([
  ['a small one', small],
  ['a large one', large],
  ['one with nothing in it', Buffer.alloc(1024)],
  ['one without an end', small.subarray(0, -1024)],
  ['one with something behind its end', Buffer.concat([small, noise(1, 12_345)])],
])('a tar comes back as it went in: %s', async (_, tar) => {
  await using store = await openTestLayers();
  const { diffId, tarBytes, state } = await store.add(tar);
  expect({ diffId, tarBytes, state }).toEqual({ diffId: sha256(tar), tarBytes: tar.length, state: 'settling' });
  expect((await store.tarOf(diffId)).equals(tar)).toBe(true);
  expect(store.layers.has(diffId)).toBe(true);
  await store.layers.settled();
  expect(store.layers.find(diffId)?.state).toBe('durable');
  expect(store.layers.list()).toHaveLength(1);
});

test('parts of a tar are read, over the borders of chunks', async () => {
  await using store = await openTestLayers();
  const { diffId } = await store.add(large);
  const part = async (start: number, end: number): Promise<Buffer> =>
    Buffer.concat(await Array.fromAsync(store.layers.read(diffId, { start, end })));
  const mib = 1024 * 1024;
  for (const [start, end] of [
    [0, 0],
    [511, 513],
    [mib - 1, mib],
    [1000, 2 * mib + 5],
    [large.length - 1, large.length - 1],
  ] as const)
    // prettier-ignore
    expect((await part(start, end)).equals(large.subarray(start, end + 1)), `${start} to ${end}`).toBe(true);
});

test('sparse files come back as they went in, and their holes take no space', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'sparse-'));
  const path = join(folder.path, 'holes');
  {
    await using file = await open(path, 'w');
    await file.write(noise(1, 5000), 0, 5000, 100_000_000);
    await file.truncate(300_000_000);
  }
  execFileSync('tar', ['-C', folder.path, '--sparse', '-cf', join(folder.path, 'tar'), 'holes']);
  const tar = execFileSync('cat', [join(folder.path, 'tar')]);
  await using store = await openTestLayers();
  const { diffId, contentBytes } = await store.add(tar);
  expect(contentBytes).toBe(300_000_000);
  await store.layers.settled();
  expect(store.layers.find(diffId)?.diskBytes).toBeLessThan(1_000_000);
  expect((await store.tarOf(diffId)).equals(tar)).toBe(true);
});

test('a layer that is not committed is gone, and can be read until then', async () => {
  await using store = await openTestLayers();
  {
    await using ingested = await store.layers.ingest(chunksOf(large), { limitBytes });
    expect(Buffer.concat(await Array.fromAsync(ingested.read())).equals(large)).toBe(true);
    expect(store.layers.find(ingested.diffId)).toBeUndefined();
    expect(await store.files()).toHaveLength(1);
  }
  expect(await store.files()).toEqual([]);
});

test.each([
  ['small', 1000],
  ['large', 5_000_000],
])('what goes wrong while a layer comes leaves nothing behind: a %s one', async (_, bytes) => {
  await using store = await openTestLayers();
  const tar = tarOf({ name: 'file', content: noise(1, bytes) }, { name: 'more', content: noise(2, 2_000_000) });
  const ingest = async (source: AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<unknown> =>
    store.layers.ingest(source, { limitBytes: tar.length, signal });
  async function* failing(): AsyncGenerator<Buffer> {
    yield* chunksOf(tar.subarray(0, -1_000_000));
    throw new NotFoundError('the source is gone');
  }
  const hostile = Buffer.concat([tar.subarray(0, -1024), tarOf({ name: '../out', content: 'x' })]);
  await expect(ingest(failing())).rejects.toThrow('the source is gone');
  await expect(ingest(chunksOf(Buffer.concat([tar, Buffer.alloc(1)])))).rejects.toThrow(TooLargeError);
  await expect(ingest(chunksOf(tar.subarray(0, -1_000_000)))).rejects.toThrow(InvalidArgumentError);
  await expect(store.layers.ingest(chunksOf(hostile), { limitBytes })).rejects.toThrow(/"\.\.\/out"/);
  const cancelled = new AbortController();
  async function* cancelling(): AsyncGenerator<Buffer> {
    for await (const chunk of chunksOf(tar)) {
      yield chunk;
      cancelled.abort();
    }
  }
  await expect(ingest(cancelling(), cancelled.signal)).rejects.toThrow(CancelledError);
  expect(await store.files()).toEqual([]);
  expect(store.layers.list()).toEqual([]);
  // And the next one is as good as ever.
  expect((await store.tarOf((await store.add(tar)).diffId)).equals(tar)).toBe(true);
});

test('many layers at a time are all whole', async () => {
  await using store = await openTestLayers();
  const tars = Array.from({ length: 6 }, (_, index) => tarOf({ name: `f${index}`, content: noise(index, 4_000_000 + index) })); // prettier-ignore
  const records = await Promise.all(tars.map((tar) => store.add(tar)));
  for (const [index, { diffId }] of records.entries())
    expect((await store.tarOf(diffId)).equals(tars[index] ?? Buffer.alloc(0))).toBe(true);
});

test('a store that is closed while a layer comes gives it up', async () => {
  await using store = await openTestLayers();
  const { promise: began, resolve: begin } = Promise.withResolvers<void>();
  async function* slow(): AsyncGenerator<Buffer> {
    yield large;
    begin();
    for (;;) {
      yield Buffer.alloc(65_536);
      await new Promise(setImmediate);
    }
  }
  const coming = expect(store.layers.ingest(slow(), { limitBytes })).rejects.toThrow(CancelledError);
  await began;
  await store.reopen();
  await coming;
  expect(await store.files()).toEqual([]);
});

test('a removed layer is gone at once, and its space with it', async () => {
  await using store = await openTestLayers();
  const { diffId } = await store.add(large);
  await store.layers.remove(diffId);
  expect(store.layers.has(diffId)).toBe(false);
  expect(() => store.layers.image(diffId)).toThrow(NotFoundError);
  await expect(Array.fromAsync(store.layers.read(diffId))).rejects.toThrow(NotFoundError);
  await expect.poll(() => store.files()).toEqual([]);
  await store.layers.remove(diffId);
});

test('a layer known to be damaged is not read, and heals when it comes again', async () => {
  await using store = await openTestLayers();
  const { diffId } = await store.add(small);
  await store.layers.settled();
  const before = store.layers.image(diffId).path;
  store.layers.condemn(diffId, 'a test says so');
  expect(store.layers.has(diffId)).toBe(false);
  await expect(Array.fromAsync(store.layers.read(diffId))).rejects.toThrow(DataLossError);
  await store.add(small);
  expect(store.layers.has(diffId)).toBe(true);
  expect(store.layers.image(diffId).path).not.toBe(before);
  await expect.poll(() => store.files()).toHaveLength(1);
});

test('a damage that nobody noticed heals, too, and the durable file stays until the new one is', async () => {
  await using store = await openTestLayers();
  const { diffId } = await store.add(large);
  await store.layers.settled();
  const bytes = Buffer.from('flipped');
  {
    await using file = await open(store.pathOf(diffId), 'r+');
    await file.write(bytes, 0, bytes.length, 4096 + 200_000);
  }
  expect(sha256(await store.tarOf(diffId))).not.toBe(diffId);
  const { state } = await store.add(large);
  expect(state).toBe('settling');
  expect(sha256(await store.tarOf(diffId))).toBe(diffId);
  await store.layers.settled();
  expect(store.layers.find(diffId)?.state).toBe('durable');
  await expect.poll(() => store.files()).toHaveLength(1);
});

test('a file that ends too early is an error, not a short tar', async () => {
  await using store = await openTestLayers();
  const { diffId } = await store.add(large);
  await writeFile(store.pathOf(diffId), Buffer.alloc(0));
  await expect(Array.fromAsync(store.layers.read(diffId))).rejects.toThrow(DataLossError);
});
