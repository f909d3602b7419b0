import { mkdtempDisposable, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sha256 } from '#lib/sha256.ts';
import { folderStore } from './folder-store.ts';

async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

const blobOf = (text: string): { digest: `sha256:${string}`; mediaType: string; size: number } => ({
  digest: sha256(text),
  mediaType: 'application/json',
  size: text.length,
});

test('a folder keeps blobs, and roots by their names', async () => {
  await using folder = await mkdtempDisposable('/tmp/b-store-');
  const store = folderStore(join(folder.path, 'new'));
  expect(await store.root('latest')).toBeUndefined();
  for (const text of ['{"a":1}', '{"b":1}']) {
    await store.write(blobOf(text), once(text));
    await store.tag?.('latest', blobOf(text));
  }
  await store.tag?.('other', blobOf('{"a":1}'));
  expect(Buffer.from((await store.root('latest')) ?? []).toString()).toBe('{"b":1}');
  expect(Buffer.from((await store.root(sha256('{"a":1}'))) ?? []).toString()).toBe('{"a":1}');
  const index = JSON.parse(await readFile(join(folder.path, 'new/index.json'), 'utf8')) as { manifests: object[] };
  expect(index.manifests).toHaveLength(2);
  expect(await store.has?.(sha256('{"a":1}'))).toBe(true);
  const read = await Array.fromAsync(store.read(sha256('{"a":1}')));
  expect(Buffer.concat(read).toString()).toBe('{"a":1}');
});

test('bytes that are not what their name says are not kept, and no name leads elsewhere', async () => {
  await using folder = await mkdtempDisposable('/tmp/b-store-');
  const store = folderStore(folder.path);
  await expect(store.write({ ...blobOf('a'), size: 2 }, once('a'))).rejects.toThrow('not what its name says');
  await expect(store.write(blobOf('a'), once('b'))).rejects.toThrow('not what its name says');
  expect(await readdir(join(folder.path, 'blobs/sha256'))).toEqual([]);
  await expect(store.write({ ...blobOf('a'), digest: 'sha256:../../x' }, once('a'))).rejects.toThrow('no digest');
  await expect(Array.fromAsync(store.read(sha256('nothing')))).rejects.toThrow('no such blob');
});
