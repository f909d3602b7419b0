import { randomBytes } from 'node:crypto';
import { open, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { mounted, stream, tarOf, viewed } from '#engine/snapshots/conformance.ts';
import { DataLossError, NotFoundError } from '#lib/errors.ts';
import { sha256 } from '#lib/sha256.ts';
import type { LayerStore } from '#engine/layers/layer-store.ts';
import { commitImage } from './commit-image.ts';
import { diskSizes, layersSize } from './disk-sizes.ts';
import type { Image } from './image.ts';
import { importImage } from './import-image.ts';
import { loadImages } from './load-images.ts';
import { openImages } from './images.ts';
import { removeImage } from './remove-image.ts';
import { saveImages } from './save-images.ts';
import { archiveOf, check, collect, config, forms, layer, manifestJson, second } from './test-archives.ts';
import { openTestStore, type TestStore } from './test-store.ts';

const archive = forms['docker save'] ?? Buffer.alloc(0);

/** An image with one layer that a step of a build left as a folder. */
async function build(store: TestStore, tag: string): Promise<Image> {
  const { context } = store.images;
  await mounted(await context.snapshots.prepare(`${tag}-run`, undefined), async (path) => {
    await writeFile(join(path, 'made'), 'made by a step');
  });
  await context.snapshots.commit(`${tag}-run`, `${tag}-step`);
  const { image } = await commitImage(context, {
    parent: undefined,
    layers: [`${tag}-step`],
    config: { architecture: 'amd64', os: 'linux' },
    history: [{ created_by: 'step' }],
    tags: [tag],
  });
  return image;
}

/** As it is after a power cut in the middle of writing back. */
function pullThePlug({ database }: TestStore): void {
  database.prepare(`UPDATE layers SET state = 'settling', witness = 'another boot'`).run();
}

test('the tar of a built layer is made when somebody wants its bytes, and they are those of its digest', async () => {
  await using store = await openTestStore();
  const { context } = store.images;
  const image = await build(store, 'built');
  expect(context.layers.list()).toEqual([]);
  const saved = await collect(await saveImages(context, ['built']));
  expect(context.layers.has(image.config.rootfs.diff_ids[0] ?? sha256(''))).toBe(true);
  await using other = await openTestStore();
  const [loaded] = await loadImages(other.images.context, stream(saved));
  expect(loaded?.id).toBe(image.id);
  expect((await saveImages(other.images.context, ['built'])).totalBytes).toBe(saved.length);
  await removeImage(context, 'built', { users: [] });
  expect(context.layers.list()).toEqual([]);
});

test('a built layer whose folder changed is told, not sent', async () => {
  await using store = await openTestStore();
  const { top } = await build(store, 'built');
  await writeFile(join(store.images.context.snapshots.paths(top ?? '').tree, 'made'), 'changed');
  await expect(collect(await saveImages(store.images.context, ['built']))).rejects.toThrow(DataLossError);
});

test('tars that an older engine kept as blobs become layers', async () => {
  await using store = await openTestStore();
  const { content, snapshots } = store.images.context;
  const image = await build(store, 'old');
  const [diffId = sha256('')] = image.config.rootfs.diff_ids;
  await content.write(diffId, snapshots.diff(image.top ?? ''), { limitBytes: 1e6 });
  const damaged = sha256('something else');
  await content.write(damaged, stream(Buffer.from('something else')), { limitBytes: 1e6 });
  store.database.prepare('UPDATE snapshots SET tar_bytes = NULL').run();
  const images = await store.reopen();
  expect(images.context.layers.has(diffId)).toBe(true);
  expect(await images.context.content.has(diffId)).toBe(false);
  expect((await images.list()).flatMap(({ tags }) => tags)).toEqual(['old:latest']);
  await images.context.garbage.collect();
  expect(await images.context.content.has(damaged)).toBe(false);
  expect((await collect(await saveImages(images.context, ['old']))).length).toBeGreaterThan(1000);
});

test('layers that wait to be proven keep their images from being listed, and no longer', async () => {
  await using store = await openTestStore();
  const { context } = store.images;
  await loadImages(context, stream(archive));
  const { promise, resolve } = Promise.withResolvers<void>();
  let isProven = false;
  const layers: LayerStore = {
    ...context.layers,
    has: (diffId) => isProven && context.layers.has(diffId),
    find(diffId) {
      const record = context.layers.find(diffId);
      return record === undefined || isProven ? record : { ...record, state: 'unproven' };
    },
    proven: () => promise,
  };
  const images = await openImages({ ...context, database: store.database, layers });
  expect(await images.list()).toEqual([]);
  await expect(images.get('x:1')).rejects.toThrow(NotFoundError);
  await expect(saveImages(images.context, ['x:1'])).rejects.toThrow(NotFoundError);
  const { top } = await store.images.get('x:1');
  const waiting = images.awaitLayers(top ?? '');
  await images.context.garbage.collect();
  isProven = true;
  resolve();
  await images.proven();
  await waiting;
  await check({ ...store, images });
});

test('after a power cut images are there again, without those whose bytes did not reach the disk', async () => {
  await using store = await openTestStore();
  await loadImages(store.images.context, stream(archive));
  const lost = await importImage(store.images.context, stream(archiveOf({ alone: 'x'.repeat(9000) })), {
    tags: ['lost'],
  });
  const { path } = store.images.context.layers.image(lost.config.rootfs.diff_ids[0] ?? sha256(''));
  await store.images.context.layers.settled();
  {
    await using file = await open(path, 'r+');
    await file.write(Buffer.alloc(512), 0, 512, 4096 + 1024);
  }
  pullThePlug(store);
  const images = await store.reopen();
  await images.proven();
  expect((await images.list()).flatMap(({ tags }) => tags)).toEqual(['registry.example:5000/team/y:2', 'x:1']);
  await check({ ...store, images });
  await expect(images.get('lost')).rejects.toThrow(NotFoundError);
  const [again] = [
    await importImage(images.context, stream(archiveOf({ alone: 'x'.repeat(9000) })), { tags: ['lost'] }),
  ];
  await viewed(images.context.snapshots, again.top ?? '', async (tree) => {
    expect(await readdir(tree)).toEqual(['alone']);
  });
});

test('sizes on the disk tell what is shared and what comes back', async () => {
  await using store = await openTestStore();
  const { context } = store.images;
  await loadImages(context, stream(archive));
  const base = await importImage(context, stream(layer), { tags: ['base'] });
  const built = await build(store, 'built');
  const images = await store.images.list();
  const sizes = await diskSizes(context, images);
  const disk = (diffId: `sha256:${string}`): number => context.layers.find(diffId)?.diskBytes ?? 0;
  const both = images.find(({ tags }) => tags.includes('x:1'));
  expect(sizes.get(base.id)).toEqual({ size: sizes.get(base.id)?.shared, shared: expect.any(Number) });
  const { size = 0, shared = 0 } = sizes.get(both?.id ?? base.id) ?? {};
  expect(size - shared).toBe(disk(sha256(second)));
  expect(sizes.get(built.id)).toEqual({ size: 14, shared: 0 });
  expect(await layersSize(context, images)).toBe(disk(sha256(layer)) + disk(sha256(second)) + 14);
  // What only a build has kept is no part of it.
  expect(await layersSize(context, images.slice(0, 0))).toBe(0);
  const { bytes } = await removeImage(context, both?.id ?? '', { users: [], force: true });
  expect(bytes).toBe(size - shared);
});

test('content that a second version takes from the first is shared, and only that', async () => {
  await using store = await openTestStore();
  const { context } = store.images;
  const common = randomBytes(3_000_000);
  const version = (own: Buffer): Buffer => tarOf({ name: 'common', content: common }, { name: 'own', content: own });
  const first = await importImage(context, stream(version(randomBytes(500_000)), 65_536), { tags: ['x:1'] });
  await context.layers.settled();
  const next = await importImage(context, stream(version(randomBytes(400_000)), 65_536), { tags: ['x:2'] });
  const sizes = await diskSizes(context, await store.images.list());
  const unique = (id: string): number => {
    const { size, shared } = sizes.get(id as Image['id']) ?? { size: 0, shared: 0 };
    return size - shared;
  };
  expect(unique(next.id)).toBe(context.layers.find(next.config.rootfs.diff_ids[0] ?? sha256(''))?.diskBytes);
  expect(unique(next.id)).toBeLessThan(600_000);
  expect(unique(first.id)).toBeGreaterThan(400_000);
  expect(unique(first.id)).toBeLessThan(600_000);
});

test('what an archive holds besides its images does no harm, and bytes of layers are told as they come', async () => {
  await using store = await openTestStore();
  const told: string[] = [];
  const odd = archiveOf({
    'notes.gz': Buffer.from('1f8b0800', 'hex'),
    'broken.tar': layer.subarray(0, 700),
    'config.json': config,
    'a.tar': layer,
    'b.tar': second,
    'manifest.json': manifestJson(['a.tar', 'b.tar']),
  });
  await loadImages(store.images.context, stream(odd, 100), {
    onBytes: (path, { current, total }) => {
      if (current === total) told.push(`${path} ${total}`);
    },
  });
  expect(told).toContain(`a.tar ${layer.length}`);
  expect(told).toContain(`b.tar ${second.length}`);
  await check(store);
  const wrong = archiveOf({
    'config.json': config,
    'a.tar': layer.subarray(0, 700),
    'manifest.json': manifestJson(['a.tar', 'a.tar']),
  });
  await expect(loadImages(store.images.context, stream(wrong))).rejects.toThrow('broken tar');
});
