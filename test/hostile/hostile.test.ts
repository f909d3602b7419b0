import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import type { Image } from '#engine/images/image.ts';
import { importImage } from '#engine/images/import-image.ts';
import { loadImages } from '#engine/images/load-images.ts';
import type { TestStore } from '#engine/images/test-store.ts';
import type { MountForm } from '#engine/layers/layer-store.ts';
import { layerCases } from './all-cases.ts';
import { openHostileStore } from './hostile-store.ts';
import { type HostileImage, imageOf } from './image-archive.ts';
import { dockerCases } from './image-cases.ts';
import { layoutCases, legacyCases } from './layout-cases.ts';

async function* stream(bytes: Buffer, size = 65_536): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const images: readonly [string, (outside: string) => HostileImage[]][] = [
  ['docker save', dockerCases],
  ['docker save of long ago', legacyCases],
  ['an OCI layout', layoutCases],
];

test('there are more than a hundred and fifty', () => {
  const count = layerCases('/x').length + images.flatMap(([, cases]) => cases('/x')).length;
  expect(count).toBeGreaterThan(300);
});

type Taken = (store: TestStore, tar: Buffer) => Promise<readonly Image[]>;

/** The ways in for a layer, with the form in which its tree is then used; as it comes or in one of the compressions. */
const doors: readonly (readonly [string, MountForm | undefined, Taken])[] = [
  ['import', undefined, async ({ images: { context } }, tar) => [await importImage(context, stream(tar))]],
  [
    'import, where it is unpacked',
    'directory',
    async ({ images: { context } }, tar) => [await importImage(context, stream(gzipSync(tar, { level: 1 })))],
  ],
  ['load', undefined, ({ images: { context } }, tar) => loadImages(context, stream(imageOf(tar)))],
];

test.each(doors)(
  'a hostile layer through %s is refused by name and leaves nothing, or is harmless',
  async (_door, form, take) => {
    await using hostile = await openHostileStore(form);
    const failures: string[] = [];
    for (const { what, tar, refused, tree = {} } of layerCases(hostile.place.outside))
      await hostile
        .attempt((store) => take(store, tar), refused === undefined ? { tree } : { refused })
        .catch((error: unknown) => failures.push(`${what}: ${String(error)}`));
    expect(failures).toEqual([]);
  },
);

test.each(images)(
  'a hostile archive in the form of %s is refused and leaves nothing, or is harmless',
  async (_form, cases) => {
    await using hostile = await openHostileStore();
    const failures: string[] = [];
    for (const { what, archive, refused } of cases(hostile.place.outside)) {
      const take = () => loadImages(hostile.store.images.context, stream(archive));
      const expected = refused === undefined ? { tree: { 'etc/motd': 'file hello' } } : { refused };
      await hostile.attempt(take, expected).catch((error: unknown) => failures.push(`${what}: ${String(error)}`));
    }
    expect(failures).toEqual([]);
  },
);
