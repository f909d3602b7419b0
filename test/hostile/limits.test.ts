import { randomBytes } from 'node:crypto';
import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { expect, test } from 'vitest';
import type { Image } from '#engine/images/image.ts';
import { importImage } from '#engine/images/import-image.ts';
import { loadImages } from '#engine/images/load-images.ts';
import { openTestStore, type TestStore } from '#engine/images/test-store.ts';
import { reservedBytes } from '#engine/layers/reserve.ts';
import { InvalidArgumentError, TooLargeError, UnavailableError } from '#lib/errors.ts';
import { openSmallDisk } from '../support/small-disk.ts';
import { hexOf } from './image-archive.ts';
import { END, entry, file } from './raw-tar.ts';
import { filesBelow } from './watched-place.ts';

const MIB = 2 ** 20;

/** Pieces of an archive, some of them many times; never all in memory. */
type Pieces = readonly (Buffer | { piece: Buffer; times: number })[];

function lengthOf(pieces: Pieces): number {
  return pieces.reduce((sum, part) => sum + (Buffer.isBuffer(part) ? part.length : part.piece.length * part.times), 0);
}

async function* stream(pieces: Pieces): AsyncGenerator<Buffer> {
  for (const part of pieces) {
    if (Buffer.isBuffer(part)) yield part;
    else for (let time = 0; time < part.times; time++) yield part.piece;
  }
}

/** An image archive with this as its layer, stored as it is. */
function imagePieces(layer: Pieces): Pieces {
  const config = JSON.stringify({ rootfs: { type: 'layers', diff_ids: [`sha256:${hexOf('')}`] } });
  const size = lengthOf(layer);
  return [
    entry({ name: 'layer.tar', size }),
    ...layer,
    Buffer.alloc((512 - (size % 512)) % 512),
    file('config.json', config),
    file('manifest.json', JSON.stringify([{ Config: 'config.json', Layers: ['layer.tar'] }])),
    END,
  ];
}

const doors: readonly (readonly [string, (store: TestStore, pieces: Pieces) => Promise<readonly Image[]>])[] = [
  ['import', async ({ images: { context } }, pieces) => [await importImage(context, stream(pieces))]],
  ['load', ({ images: { context } }, pieces) => loadImages(context, stream(imagePieces(pieces)))],
];

/** What it comes to; the store must be as it was before. */
async function outcomeOf(store: TestStore, take: () => Promise<readonly Image[]>): Promise<unknown> {
  const before = await filesBelow(store.root);
  const outcome = await take().catch((error: unknown) => error);
  expect(store.images.context.records.list()).toEqual([]);
  await expect.poll(() => filesBelow(store.root)).toEqual(before);
  return outcome;
}

/** A tar of one file of zeros, compressed piece by piece as members or frames in a row. */
function bomb(gigabytes: number, compress: (bytes: Buffer) => Buffer): Pieces {
  const piece = compress(Buffer.alloc(64 * MIB));
  return [compress(entry({ name: 'zeros', size: gigabytes * 2 ** 30 })), { piece, times: gigabytes * 16 }];
}

const compressions: readonly ((bytes: Buffer) => Buffer)[] = [
  (bytes) => gzipSync(bytes, { level: 9 }),
  (bytes) => zstdCompressSync(bytes),
];

test.each(doors.map(([door, take], index) => [door, ['gzip', 'zstd'][index], take, compressions[index]!] as const))(
  '%s stops a bomb in %s before the disk is full',
  async (_door, _compression, take, compress) => {
    await using store = await openTestStore();
    const pieces = bomb(10, compress);
    expect(lengthOf(pieces)).toBeLessThan(20 * MIB);
    const error = await outcomeOf(store, () => take(store, pieces));
    expect(error).toBeInstanceOf(InvalidArgumentError);
    expect((error as Error).message).toMatch(/grows like a bomb/);
  },
  120_000,
);

// Both take layers in by the same way; at this size once is enough.
test.each(doors.slice(0, 1))(
  '%s refuses more entries than any honest layer has',
  async (_door, take) => {
    await using store = await openTestStore();
    const piece = Buffer.concat(Array.from({ length: 2000 }, (_, index) => entry({ name: `d/${index}` })));
    const pieces = [entry({ name: 'd/', type: '5' }), { piece, times: 2501 }, END];
    const error = await outcomeOf(store, () => take(store, pieces));
    expect(error).toBeInstanceOf(TooLargeError);
    expect((error as Error).message).toMatch(/more than \d+ entries.*"d\/\d+"/);
  },
  120_000,
);

test.each(doors)('%s refuses files that are together larger than any disk', async (_door, take) => {
  await using store = await openTestStore();
  const huge = entry({ name: 'huge', size: Buffer.from('800000000000050000000000', 'hex') });
  const pieces = [file('small'), huge, { piece: Buffer.alloc(MIB), times: 1000 }];
  const error = await outcomeOf(store, () => take(store, pieces));
  expect(error).toBeInstanceOf(TooLargeError);
  expect((error as Error).message).toMatch(/"huge"/);
});

test.each(doors)('%s leaves the engine the space that it needs itself', async (_door, take) => {
  await using disk = await openSmallDisk(160);
  await using store = await openTestStore(join(disk.path, 'store'));
  const noise = randomBytes(MIB);
  const pieces = [entry({ name: 'noise', size: 300 * MIB }), { piece: noise, times: 300 }, END];
  let least = Number.POSITIVE_INFINITY;
  const watch = setInterval(() => {
    void statfs(disk.path).then(({ bavail, bsize }) => (least = Math.min(least, bavail * bsize)));
  }, 5);
  try {
    const error = await outcomeOf(store, () => take(store, pieces));
    expect(error).toBeInstanceOf(UnavailableError);
  } finally {
    clearInterval(watch);
  }
  const { blocks, bsize } = await statfs(disk.path);
  // Between two looks at the disk a few pieces may come.
  expect(least).toBeGreaterThan(reservedBytes(blocks * bsize) / 2);
  const image = await importImage(store.images.context, stream([file('after'), END]));
  expect(image.size).toBe('content'.length);
});
