import { chmod, mkdir, mkdtempDisposable, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { CancelledError, InvalidArgumentError, NotFoundError, TooLargeError } from '#lib/errors.ts';
import { sha256 } from '#lib/sha256.ts';
import { openContentStore } from './store.ts';

const limitBytes = 1024;
const of = (...texts: string[]): Readable => Readable.from(texts.map((text) => Buffer.from(text)));
const text = async (source: AsyncIterable<Uint8Array>): Promise<string> =>
  Buffer.concat(await Array.fromAsync(source)).toString();

test('bytes come back as they went in, until they are removed', async () => {
  await using root = await mkdtempDisposable(join(tmpdir(), 'content-'));
  const store = await openContentStore(root.path);
  await store.write(sha256('layer'), of('la', '', 'yer'), { limitBytes });
  expect(await text(await store.read(sha256('layer')))).toBe('layer');
  expect(await store.size(sha256('layer'))).toBe(5);
  expect(await store.list()).toMatchObject([{ digest: sha256('layer'), size: 5 }]);
  await store.remove(sha256('layer'));
  expect(await store.has(sha256('layer'))).toBe(false);
});

test('a wrong digest leaves nothing behind', async () => {
  await using root = await mkdtempDisposable(join(tmpdir(), 'content-'));
  const store = await openContentStore(root.path);
  await expect(store.write(sha256('other'), of('layer'), { limitBytes })).rejects.toThrow(InvalidArgumentError);
  await expect(store.read(sha256('other'))).rejects.toThrow(NotFoundError);
  expect(await readdir(join(root.path, 'ingest'))).toEqual([]);
});

test('content stops at its limit, and when it is cancelled', async () => {
  await using root = await mkdtempDisposable(join(tmpdir(), 'content-'));
  const store = await openContentStore(root.path);
  await expect(store.write(sha256('x'), of('x'.repeat(1025)), { limitBytes })).rejects.toThrow(TooLargeError);
  const signal = AbortSignal.abort();
  await expect(store.write(sha256('x'), of('x'), { limitBytes, signal })).rejects.toThrow(CancelledError);
  expect(await readdir(join(root.path, 'ingest'))).toEqual([]);
});

test('writing a blob again heals a damaged copy', async () => {
  await using root = await mkdtempDisposable(join(tmpdir(), 'content-'));
  const store = await openContentStore(root.path);
  await store.write(sha256('layer'), of('layer'), { limitBytes });
  const path = join(root.path, 'blobs/sha256', sha256('layer').slice(7));
  await chmod(path, 0o600);
  await writeFile(path, 'rotten');
  await store.write(sha256('layer'), of('layer'), { limitBytes });
  expect(await text(await store.read(sha256('layer')))).toBe('layer');
});

test('many small pieces keep their order', async () => {
  await using root = await mkdtempDisposable(join(tmpdir(), 'content-'));
  const store = await openContentStore(root.path);
  const pieces = Array.from({ length: 30_000 }, (_, index) => `${index}${'.'.repeat(index % 97)}`);
  await store.write(sha256(pieces.join('')), of(...pieces), { limitBytes: 1e8 });
  expect(sha256(await text(await store.read(sha256(pieces.join('')))))).toBe(sha256(pieces.join('')));
});

test('what a former process was writing is gone after a start', async () => {
  await using root = await mkdtempDisposable(join(tmpdir(), 'content-'));
  await mkdir(join(root.path, 'ingest/blob-x'), { recursive: true });
  await openContentStore(root.path);
  expect(await readdir(join(root.path, 'ingest'))).toEqual([]);
});
