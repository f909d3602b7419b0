import { execFileSync } from 'node:child_process';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { parseFilters } from '#api/filters.ts';
import { mounted, stream, tarOf, viewed } from '#engine/snapshots/conformance.ts';
import { ConflictError, InvalidArgumentError, NotFoundError } from '#lib/errors.ts';
import { sha256 } from '#lib/sha256.ts';
import { commitImage } from './commit-image.ts';
import { imageHistory } from './image-history.ts';
import { importImage } from './import-image.ts';
import { IMAGE_FILTERS, listImages } from './list-images.ts';
import { loadImages } from './load-images.ts';
import { pruneImages } from './prune-images.ts';
import { removeImage } from './remove-image.ts';
import { saveImages } from './save-images.ts';
import { openTestStore } from './test-store.ts';
import { check, collect, config, forms, layer, second } from './test-archives.ts';

test('an imported file system is an image', async () => {
  await using store = await openTestStore();
  const image = await importImage(store.images.context, stream(gzipSync(layer)), { tags: ['base:1'], message: 'made' });
  expect(image.config.rootfs.diff_ids).toEqual([sha256(layer)]);
  expect(image.tags).toEqual(['base:1']);
  expect(await store.images.list()).toEqual([image]);
  for (const name of ['base:1', 'docker.io/library/base:1', image.id, image.id.slice(7), image.id.slice(7, 19)])
    expect((await store.images.get(name)).id).toBe(image.id);
  expect((await store.images.get(image.manifest.digest)).id).toBe(image.id);
  await expect(store.images.get('base')).rejects.toThrow('No such image: base:latest');
  await expect(importImage(store.images.context, stream(Buffer.from('no tar at all')))).rejects.toThrow(
    InvalidArgumentError,
  );
});

test('names go one by one, and the image with its last', async () => {
  await using store = await openTestStore();
  const { context } = store.images;
  const { id } = await importImage(context, stream(layer), { tags: ['x:1'] });
  await store.images.tag('x:1', 'x:2');
  await store.images.tag('x:1', 'y');
  await expect(store.images.tag('x:1', 'sha256:abc')).rejects.toThrow('refusing to create an ambiguous tag');
  const users = [{ id: 'c'.repeat(64), isRunning: true }];
  expect(await removeImage(context, 'x:1', { users })).toMatchObject({ untagged: ['x:1'], deleted: [] });
  await expect(removeImage(context, id, { users: [] })).rejects.toThrow(
    `conflict: unable to delete ${id.slice(7, 19)} (must be forced) - image is referenced in multiple repositories`,
  );
  expect((await removeImage(context, 'y', { users })).untagged).toEqual(['y:latest']);
  await expect(removeImage(context, 'x:2', { users })).rejects.toThrow(
    `conflict: unable to remove repository reference "x:2" (must force) - container cccccccccccc is using its referenced image ${id.slice(7, 19)}`,
  );
  await expect(removeImage(context, id, { users, force: true })).rejects.toThrow('(cannot be forced)');
  await expect(removeImage(context, id, { users: [{ id: 'c'.repeat(64), isRunning: false }] })).rejects.toThrow(
    ConflictError,
  );
  const bytes = context.layers.find(sha256(layer))?.diskBytes;
  const removed = await removeImage(context, id.slice(7, 15), { users: [] });
  expect(removed).toEqual({ untagged: ['x:2'], deleted: [id, sha256(layer)], bytes });
  await expect(store.images.get(id)).rejects.toThrow(NotFoundError);
  expect(await context.content.list()).toEqual([]);
  expect(context.layers.list()).toEqual([]);
  expect(await context.snapshots.list()).toEqual([]);
});

test('what keeps an image from being removed is told in the order of Docker, and by its weight', async () => {
  await using store = await openTestStore();
  const { context } = store.images;
  const image = await importImage(context, stream(layer), { tags: ['x:1', 'y:1'] });
  const short = image.id.slice(7, 19);
  const stopped = { id: 'a'.repeat(64), isRunning: false };
  const running = { id: 'b'.repeat(64), isRunning: true };
  await expect(removeImage(context, image.id, { users: [stopped] })).rejects.toThrow(
    `conflict: unable to delete ${short} (must be forced) - image is referenced in multiple repositories`,
  );
  await expect(removeImage(context, image.id, { users: [stopped, running] })).rejects.toThrow(
    `conflict: unable to delete ${short} (cannot be forced) - image is being used by running container bbbbbbbbbbbb`,
  );
  await removeImage(context, 'y:1', { users: [stopped] });
  await expect(removeImage(context, short, { users: [stopped] })).rejects.toThrow(
    `conflict: unable to delete ${short} (must be forced) - image is being used by stopped container aaaaaaaaaaaa`,
  );
  // With --force the name goes; what a container runs on stays, without one.
  expect(await removeImage(context, 'x:1', { users: [running], force: true })).toEqual({
    untagged: ['x:1'],
    deleted: [],
    bytes: 0,
  });
  const [left] = await store.images.list();
  expect(left?.tags).toEqual([]);
  const removed = await removeImage(context, image.manifest.digest, { users: [stopped], force: true });
  expect(removed.deleted).toEqual([image.id, sha256(layer)]);
});

test('time filters go by when an image was made', async () => {
  await using store = await openTestStore();
  const { context } = store.images;
  await loadImages(context, stream(forms['docker save'] ?? Buffer.alloc(0))); // made in January 2024
  await importImage(context, stream(layer), { tags: ['new'] });
  const listed = async (until: string): Promise<string[]> =>
    (await listImages(context, parseFilters(JSON.stringify({ until: [until] }), IMAGE_FILTERS))).map(
      ({ tags }) => tags.at(-1) ?? '',
    );
  expect(await listed('2024-01-02T03:04:05Z')).toEqual([]);
  expect(await listed('2024-01-02T03:04:06Z')).toEqual(['x:1']);
  expect(await listed('0s')).toEqual(['new:latest', 'x:1']);
  const filters = parseFilters('{"dangling":["false"],"until":["24h"]}', ['dangling', 'until']);
  expect((await pruneImages(context, filters, { used: new Set() })).untagged.toSorted()).toEqual([
    'registry.example:5000/team/y:2',
    'x:1',
  ]);
});

test('layers that another image, a container or an operation needs stay', async () => {
  await using store = await openTestStore();
  const { context } = store.images;
  await importImage(context, stream(layer), { tags: ['base'] });
  await loadImages(context, stream(forms['docker save'] ?? Buffer.alloc(0)));
  await removeImage(context, 'base', { users: [] });
  await check(store);
  const { top } = await store.images.get('x:1');
  await context.snapshots.prepare('container', top);
  const lease = store.images.lease();
  await removeImage(context, 'x:1', { users: [] });
  await removeImage(context, 'registry.example:5000/team/y:2', { users: [] });
  expect(await context.content.has(sha256(config))).toBe(true);
  lease[Symbol.dispose]();
  await expect.poll(() => context.content.has(sha256(config))).toBe(false);
  expect(context.layers.has(sha256(second))).toBe(true);
  await context.snapshots.remove('container');
  await context.garbage.collect();
  expect(await context.content.list()).toEqual([]);
  expect(context.layers.list()).toEqual([]);
});

test('lists pass the filters of docker images, and prune takes what has no name', async () => {
  await using store = await openTestStore();
  const { context } = store.images;
  await importImage(context, stream(second), { tags: ['old/base:1'], config: { Labels: { kind: 'base' } } });
  await loadImages(context, stream(forms['docker save'] ?? Buffer.alloc(0)));
  const nameless = await importImage(context, stream(layer));
  const names = async (filters: object): Promise<string[]> =>
    (await listImages(context, parseFilters(JSON.stringify(filters), IMAGE_FILTERS))).map(
      ({ tags, id }) => tags[0] ?? (id === nameless.id ? 'nameless' : id),
    );
  expect(await names({})).toEqual(['nameless', 'old/base:1', 'registry.example:5000/team/y:2']);
  expect(await names({ dangling: ['true'] })).toEqual(['nameless']);
  expect(await names({ label: ['kind=base'] })).toEqual(['old/base:1']);
  expect(await names({ 'label!': ['kind'] })).toEqual(['nameless', 'registry.example:5000/team/y:2']);
  expect(await names({ reference: ['x'] })).toEqual(['x:1']);
  expect(await names({ reference: ['*/base'] })).toEqual(['old/base:1']);
  expect(await names({ reference: ['old/*:1', 'x:*'] })).toEqual(['old/base:1', 'x:1']);
  expect(await names({ before: ['old/base:1'] })).toEqual(['registry.example:5000/team/y:2']);
  expect(await names({ since: ['x:1'] })).toEqual(['nameless', 'old/base:1']);
  await expect(names({ since: ['nope'] })).rejects.toThrow(NotFoundError);
  const shared = await listImages(context, parseFilters('{}', IMAGE_FILTERS));
  expect(shared.map(({ sharedSize }) => sharedSize)).toEqual([5, 0, 5]);
  const kept = await pruneImages(context, parseFilters('{}', ['dangling']), { used: new Set([nameless.id]) });
  expect(kept.deleted).toEqual([]);
  const pruned = await pruneImages(context, parseFilters('{}', ['dangling']), { used: new Set() });
  expect(pruned).toMatchObject({ untagged: [], deleted: [nameless.id], bytes: 0 });
  const all = await pruneImages(context, parseFilters('{"dangling":["false"]}', ['dangling']), { used: new Set() });
  expect(all.untagged.toSorted()).toEqual(['old/base:1', 'registry.example:5000/team/y:2', 'x:1']);
  expect(await store.images.list()).toEqual([]);
});

test('committed snapshots become an image, the same ones the same image', async () => {
  await using store = await openTestStore();
  const { context } = store.images;
  const { snapshots } = context;
  const parent = await importImage(context, stream(layer), { tags: ['base'] });
  const build = async (name: string): Promise<Awaited<ReturnType<typeof commitImage>>> => {
    for (const step of ['1', '2']) {
      const below = step === '1' ? parent.top : `${name}-1`;
      await mounted(await snapshots.prepare(`${name}-run`, below), async (path) => {
        await writeFile(join(path, 'etc', step), step);
        execFileSync('touch', ['-d', '@1700000000', join(path, 'etc', step), join(path, 'etc')]);
      });
      await snapshots.commit(`${name}-run`, `${name}-${step}`);
    }
    return commitImage(context, {
      parent: parent.id,
      layers: [`${name}-1`, `${name}-2`],
      config: { architecture: 'amd64', os: 'linux', created: '2024-01-01T00:00:00Z', config: { Cmd: ['sh'] } },
      history: [{ created_by: 'one' }, { created_by: 'ENV', empty_layer: true }, { created_by: 'two' }],
      tags: [`built:${name}`],
    });
  };
  const one = await build('a');
  expect(one.image.tags).toEqual(['built:a']);
  expect(one.layers.map(({ name }) => name).at(-1)).toBe(one.image.top);
  expect((await imageHistory(context, one.image)).map((step) => [step.created_by, step.size])).toEqual([
    ['two', 1],
    ['ENV', 0],
    ['one', 1],
    [undefined, 5],
  ]);
  const two = await build('b');
  expect(two.image.id).toBe(one.image.id);
  expect(two.image.tags).toEqual(['built:a', 'built:b']);
  await viewed(snapshots, two.image.top ?? '', async (path) => {
    expect(await readdir(join(path, 'etc'))).toEqual(['1', '2', 'motd']);
  });
  await using other = await openTestStore();
  const [loaded] = await loadImages(other.images.context, await saveImages(context, ['built:a']));
  expect(loaded?.id).toBe(one.image.id);
  expect(loaded?.manifest.digest).toBe(one.image.manifest.digest);
});

test('a container is committed as it is now, and goes on', async () => {
  await using store = await openTestStore();
  const { context } = store.images;
  const parent = await importImage(context, stream(layer), { tags: ['base'] });
  await mounted(await context.snapshots.prepare('container', parent.top), async (path) => {
    await writeFile(join(path, 'etc/new'), 'new');
    const { image } = await commitImage(context, {
      parent: parent.id,
      layers: ['container'],
      config: { architecture: 'amd64', os: 'linux', author: 'me' },
      history: [{ comment: 'by hand' }],
      tags: ['changed:1'],
    });
    expect(image.config).toMatchObject({ author: 'me', history: [{}, { comment: 'by hand' }] });
    await writeFile(join(path, 'etc/later'), 'later');
    await viewed(context.snapshots, image.top ?? '', async (view) => {
      expect(await readdir(join(view, 'etc'))).toEqual(['motd', 'new']);
    });
  });
  expect((await context.snapshots.stat('container')).kind).toBe('active');
});

test('after a restart images are there, and those that are not whole are not listed', async () => {
  await using store = await openTestStore();
  await importImage(store.images.context, stream(second), { tags: ['damaged'] });
  await loadImages(store.images.context, stream(forms['docker save'] ?? Buffer.alloc(0)));
  const alone = await importImage(store.images.context, stream(tarOf({ name: 'x' })), { tags: ['alone'] });
  await store.images.context.layers.remove(alone.config.rootfs.diff_ids[0] ?? sha256(''));
  const images = await store.reopen();
  expect((await images.list()).flatMap(({ tags }) => tags).toSorted()).toEqual([
    'damaged:latest',
    'registry.example:5000/team/y:2',
    'x:1',
  ]);
  await images.context.garbage.collect();
  await check({ ...store, images });
});

test('what happens to images is told', async () => {
  await using store = await openTestStore();
  const { context } = store.images;
  const stop = new AbortController();
  const heard = (async () => {
    const actions: string[] = [];
    for await (const { action, attributes } of store.events.subscribe({ signal: stop.signal }))
      actions.push(`${action} ${attributes['name']?.replace(/^sha256:.*/, 'id')}`);
    return actions;
  })();
  await importImage(context, stream(layer), { tags: ['x:1'] });
  await store.images.tag('x:1', 'y');
  await collect(await saveImages(context, ['y']));
  await removeImage(context, 'y', { users: [] });
  await removeImage(context, 'x:1', { users: [] });
  stop.abort();
  expect(await heard).toEqual(['import x:1', 'tag y:latest', 'save x:1', 'untag id', 'untag id', 'delete id']);
});
