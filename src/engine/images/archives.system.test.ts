import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { stream } from '#engine/snapshots/conformance.ts';
import { InvalidArgumentError, NotFoundError } from '#lib/errors.ts';
import { readTar } from '#lib/tar/read-tar.ts';
import { sha256 } from '#lib/sha256.ts';
import { imageHistory } from './image-history.ts';
import { importImage } from './import-image.ts';
import { loadImages } from './load-images.ts';
import { saveImages } from './save-images.ts';
import { openTestStore } from './test-store.ts';
import { archiveOf, check, collect, config, forms, layer, manifestJson, second } from './test-archives.ts';

test.each(Object.entries(forms))('an archive in the form of %s is loaded', async (_form, archive) => {
  await using store = await openTestStore();
  const loaded: string[] = [];
  await loadImages(store.images.context, stream(archive, 5000), { onLoaded: (_image, tags) => loaded.push(...tags) });
  expect(loaded).toEqual(['docker.io/library/x:1', 'registry.example:5000/team/y:2']);
  await check(store);
});

test('an OCI layout with an index, attestations and compressed layers is loaded', async () => {
  await using store = await openTestStore();
  const blobs: Record<string, Buffer> = {};
  const put = (bytes: Buffer | string, mediaType: string, more: object = {}): object => {
    const all = Buffer.from(bytes as string);
    blobs[`blobs/sha256/${sha256(all).slice(7)}`] = all;
    return { mediaType, digest: sha256(all), size: all.length, ...more };
  };
  const oci = 'application/vnd.oci.image';
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: `${oci}.manifest.v1+json`,
    config: put(config, `${oci}.config.v1+json`),
    layers: [
      put(gzipSync(layer), `${oci}.layer.v1.tar+gzip`),
      put(zstdCompressSync(second), `${oci}.layer.v1.tar+zstd`),
    ],
  });
  const attestation = JSON.stringify({ schemaVersion: 2, config: put('{}', `${oci}.config.v1+json`), layers: [] });
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
  const index = JSON.stringify({
    schemaVersion: 2,
    mediaType: `${oci}.index.v1+json`,
    manifests: [
      put(attestation, `${oci}.manifest.v1+json`, {
        platform: { os: 'unknown', architecture: 'unknown' },
        annotations: { 'vnd.docker.reference.type': 'attestation-manifest' },
      }),
      {
        mediaType: `${oci}.manifest.v1+json`,
        digest: sha256('absent'),
        size: 6,
        platform: { os: 'linux', architecture: 'riscv64' },
      },
      put(manifest, `${oci}.manifest.v1+json`, { platform: { os: 'linux', architecture } }),
    ],
  });
  const root = put(index, `${oci}.index.v1+json`, {
    annotations: { 'io.containerd.image.name': 'docker.io/library/x:1' },
  });
  const archive = archiveOf({
    ...blobs,
    'index.json': JSON.stringify({ schemaVersion: 2, manifests: [root] }),
    'oci-layout': '{"imageLayoutVersion":"1.0.0"}',
  });
  const [image] = await loadImages(store.images.context, stream(archive, 5000));
  expect(image?.root.digest).toBe(sha256(index));
  expect(image?.manifest.digest).toBe(sha256(manifest));
  expect((await store.images.get(sha256(index))).id).toBe(image?.id);
  await check(store);
  // What is saved describes plain tars and keeps the id.
  await using other = await openTestStore();
  await loadImages(other.images.context, await saveImages(store.images.context, ['x:1']));
  await check(other);
});

test('an archive from before ids were digests is loaded', async () => {
  await using store = await openTestStore();
  const [low, top] = ['1'.repeat(64), '2'.repeat(64)];
  const archive = archiveOf({
    [`${low}/json`]: JSON.stringify({ id: low, container_config: { Cmd: ['/bin/sh', '-c', 'low'] } }),
    [`${low}/layer.tar`]: layer,
    [`${top}/json`]: JSON.stringify({
      id: top,
      parent: low,
      os: 'linux',
      architecture: 'amd64',
      config: { Cmd: ['sh'] },
    }),
    [`${top}/layer.tar`]: second,
    repositories: JSON.stringify({ old: { latest: top } }),
  });
  const [image] = await loadImages(store.images.context, stream(archive));
  expect(image?.tags).toEqual(['old:latest']);
  expect(image?.config.rootfs.diff_ids).toEqual([sha256(layer), sha256(second)]);
  expect(
    (await imageHistory(store.images.context, await store.images.get('old'))).map((step) => step.created_by),
  ).toEqual(['', '/bin/sh -c low']);
});

test('a layer that is not what the image says is refused and nothing is listed', async () => {
  await using store = await openTestStore();
  const archive = archiveOf({
    'config.json': config,
    'a/layer.tar': second,
    'b/layer.tar': layer,
    'manifest.json': manifestJson(['a/layer.tar', 'b/layer.tar']),
  });
  await expect(loadImages(store.images.context, stream(archive))).rejects.toThrow(
    'invalid diffID for layer 0: expected',
  );
  await expect(loadImages(store.images.context, stream(layer))).rejects.toThrow('holds no image');
  await expect(loadImages(store.images.context, stream(archive.subarray(0, 3000)))).rejects.toThrow(
    InvalidArgumentError,
  );
  expect(await store.images.list()).toEqual([]);
  expect(await readdir(join(store.root, 'layers/.new'))).toEqual([]);
  expect(store.images.context.layers.list()).toEqual([]);
  await expect.poll(() => readdir(join(store.root, 'content/blobs/sha256'))).toEqual([]);
});

test('what is saved loads elsewhere with the same ids and saves to the same bytes', async () => {
  await using store = await openTestStore();
  await using other = await openTestStore();
  await loadImages(store.images.context, stream(forms['docker save'] ?? Buffer.alloc(0)));
  const archive = await collect(await saveImages(store.images.context, ['x:1', 'registry.example:5000/team/y']));
  await loadImages(other.images.context, stream(archive, 100_000));
  await check(other);
  expect(await collect(await saveImages(other.images.context, ['x', 'registry.example:5000/team/y:2']))).toEqual(
    archive,
  );
  const names: string[] = [];
  for await (const { header } of readTar(stream(archive))) names.push(header.name);
  expect(names.slice(0, 2)).toEqual(['blobs/', 'blobs/sha256/']);
  expect(names.slice(-4)).toEqual(['index.json', 'manifest.json', 'oci-layout', 'repositories']);
  expect(names).toHaveLength(10);
  await expect(saveImages(store.images.context, ['nope'])).rejects.toThrow(NotFoundError);
  const byId = await collect(await saveImages(store.images.context, [sha256(config)]));
  expect(byId.includes('"RepoTags":null')).toBe(true);
});

test('a tag moves to the image that is loaded last', async () => {
  await using store = await openTestStore();
  const { id } = await importImage(store.images.context, stream(layer), { tags: ['x:1'] });
  const moved: string[] = [];
  await loadImages(store.images.context, stream(forms['docker save'] ?? Buffer.alloc(0)), {
    onMoved: (tag, from) => moved.push(`${tag} ${from}`),
  });
  expect(moved).toEqual([`docker.io/library/x:1 ${id}`]);
  expect((await store.images.get(id)).tags).toEqual([]);
  await check(store);
});
