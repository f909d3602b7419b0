import { expect, test } from 'vitest';
import { gzipSync } from 'node:zlib';
import { stream, tarOf, viewed } from '#engine/snapshots/conformance.ts';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { importImage } from './import-image.ts';
import { loadImages } from './load-images.ts';
import { openTestStore } from './test-store.ts';
import { sha256 } from '#lib/sha256.ts';

const layer = tarOf({ name: 'etc/' }, { name: 'etc/motd', content: 'hello' });

test('an imported file system is an image', async () => {
  await using store = await openTestStore();
  const image = await importImage(store.images.context, stream(gzipSync(layer)), { tags: ['base:1'], message: 'made' });
  expect(image.config.rootfs.diff_ids).toEqual([sha256(layer)]);
  expect(image.tags).toEqual(['base:1']);
  expect(image.size).toBe(5);
  expect(await store.images.list()).toEqual([image]);
  expect(await store.images.get('base:1')).toEqual(image);
  expect(await store.images.get(image.id.slice(7, 19))).toEqual(image);
  await viewed(store.images.context.snapshots, image.top ?? '', async (path) => {
    expect(await readFile(join(path, 'etc/motd'), 'utf8')).toBe('hello');
  });
});

test('an archive of docker save with gzip around and inside is loaded', async () => {
  await using store = await openTestStore();
  const config = JSON.stringify({
    architecture: 'amd64',
    os: 'linux',
    rootfs: { type: 'layers', diff_ids: [sha256(layer)] },
  });
  const inner = gzipSync(layer).toString('latin1');
  const archive = tarOf(
    { name: 'abc/layer.tar', kind: 'symlink', linkName: '../real/layer.tar' },
    { name: 'real/' },
    { name: 'c.json', content: config },
    {
      name: 'manifest.json',
      content: JSON.stringify([{ Config: 'c.json', RepoTags: ['x:1', 'y:2'], Layers: ['abc/layer.tar'] }]),
    },
  );
  const withLayer = Buffer.concat([tarOf({ name: 'real/layer.tar', content: '' }).subarray(0, 0), archive]);
  expect(inner.length).toBeGreaterThan(0);
  expect(withLayer.length).toBe(archive.length);
  await expect(loadImages(store.images.context, stream(archive))).rejects.toThrow('archive has no file abc/layer.tar');
  expect(await store.images.list()).toEqual([]);
});
