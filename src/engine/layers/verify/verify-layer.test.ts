import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempDisposable, open, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { silentLog } from '#lib/log.ts';
import { openDatabase } from '#lib/sqlite.ts';
import { tarHeader, type TarHeader } from '#lib/tar/header.ts';
import { TAR_END, tarEntry, tarPadding } from '#lib/tar/writer.ts';
import { MIGRATIONS } from '#engine/migrations.ts';
import type { Digest } from '#oci/digest.ts';
import { DATA_OFFSET, encodeHeader, SUPERBLOCK_OFFSET } from '../format.ts';
import { readLayerFile } from '../layer-file.ts';
import type { LayerStore } from '../layer-store.ts';
import { openLayers } from '../open-layers.ts';
import { createLayerRecords, type StoredLayer } from '../records.ts';
import { restoreLayer } from './restore-layer.ts';
import { type LayerFault, type LayerPlaces, verifyLayer } from './verify-layer.ts';

interface Rig extends AsyncDisposable {
  layers: LayerStore;
  places: LayerPlaces;
  add(tar: Buffer): Promise<StoredLayer>;
  verify(diffId: Digest, options?: { fast: boolean }): Promise<LayerFault | undefined>;
  pathOf(diffId: Digest): string;
}

async function openRig(): Promise<Rig> {
  await using resources = new AsyncDisposableStack();
  const folder = resources.use(await mkdtempDisposable(join(tmpdir(), 'verify-')));
  const database = openDatabase(join(folder.path, 'engine.db'), MIGRATIONS);
  resources.defer(() => database.close());
  const root = join(folder.path, 'layers');
  const layers = resources.use(await openLayers({ database, root, log: silentLog }));
  const places: LayerPlaces = { root, records: createLayerRecords(database) };
  const held = resources.move();
  const recordOf = (diffId: Digest): StoredLayer => {
    const record = places.records.find(diffId);
    if (record === undefined) throw new Error(`no layer ${diffId}`);
    return record;
  };
  return {
    layers,
    places,
    pathOf: (diffId) => join(root, recordOf(diffId).file),
    async add(tar) {
      await using ingested = await layers.ingest(chunksOf(tar), { limitBytes: 1e9 });
      await ingested.commit();
      await layers.settled();
      return recordOf(ingested.diffId);
    },
    async verify(diffId, options = { fast: false }) {
      const steps = verifyLayer(places, recordOf(diffId), options);
      for (;;) {
        const { value, done } = await steps.next();
        if (done === true) return value;
      }
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

async function* chunksOf(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
}

type Entry = Partial<TarHeader> & { name: string; content?: Buffer };

function tarOf(...entries: readonly Entry[]): Buffer {
  const pieces = entries.map(({ content = Buffer.alloc(0), ...fields }) => {
    const kind = fields.name.endsWith('/') ? 'directory' : 'file';
    const header = tarEntry(tarHeader({ kind, ...fields, size: content.length }));
    return Buffer.concat([header, content, tarPadding(content.length)]);
  });
  return Buffer.concat([...pieces, TAR_END]);
}

const files = (): Entry[] => [
  { name: 'a/', mode: 0o700 },
  { name: 'a/large', content: randomBytes(300_000), xattrs: new Map([['user.x', Buffer.from('y')]]) },
  { name: 'b/c/small', content: Buffer.from('small'), mtimeNs: -5n },
  { name: 'a/again', kind: 'link', linkName: 'a/large' },
  { name: 'a/symbolic', kind: 'symlink', linkName: 'large' },
];

async function flip(path: string, offset: number): Promise<void> {
  await using file = await open(path, 'r+');
  const byte = Buffer.alloc(1);
  await file.read(byte, 0, 1, offset);
  byte[0] = (byte[0] ?? 0) ^ 1;
  await file.write(byte, 0, 1, offset);
}

/** Puts the index of one file into another of the same layout, with checksums that fit. */
async function copyIndex(from: string, to: string): Promise<void> {
  const [source, target] = [readLayerFile(from).header, readLayerFile(to).header];
  await using reading = await open(from, 'r');
  await using writing = await open(to, 'r+');
  const body = Buffer.alloc(source.metaBytes + source.trailerBytes);
  await reading.read(body, 0, body.length, source.metaOffset);
  await writing.write(body, 0, body.length, target.metaOffset);
  const superblock = Buffer.alloc(DATA_OFFSET - SUPERBLOCK_OFFSET);
  await reading.read(superblock, 0, superblock.length, SUPERBLOCK_OFFSET);
  await writing.write(encodeHeader({ ...target, bodyDigest: source.bodyDigest }, superblock), 0, DATA_OFFSET, 0);
}

/** A tar with a file of 128 KiB that holds 4 KiB in its middle. */
async function sparseTar(): Promise<Buffer> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'sparse-'));
  await using file = await open(join(folder.path, 'sparse'), 'w');
  await file.truncate(131_072);
  await file.write(randomBytes(4096), 0, 4096, 65_536);
  return execFileSync('tar', ['--sparse', '--format=pax', '-C', folder.path, '-cf', '-', 'sparse']);
}

test('a layer that nothing happened to has no fault', async () => {
  await using rig = await openRig();
  const { diffId } = await rig.add(tarOf(...files()));
  expect(await rig.verify(diffId)).toBeUndefined();
  expect(await rig.verify(diffId, { fast: true })).toBeUndefined();
});

test('a bit of the tar is found by hashing, not by a fast look', async () => {
  await using rig = await openRig();
  const { diffId } = await rig.add(tarOf(...files()));
  await flip(rig.pathOf(diffId), DATA_OFFSET + 100_000);
  expect(await rig.verify(diffId, { fast: true })).toBeUndefined();
  expect(await rig.verify(diffId)).toMatchObject({
    part: 'content',
    why: expect.stringContaining('hashes to sha256:'),
  });
});

test('the index is made again from a whole tar, whatever is damaged of what stands around it', async () => {
  await using rig = await openRig();
  const layer = await rig.add(tarOf(...files()));
  const { diffId } = layer;
  const { header } = readLayerFile(rig.pathOf(diffId));
  const places = {
    header: 20,
    superblock: 1024 + 36,
    metadata: header.metaOffset + 40,
    trailer: header.trailerOffset + 9,
  };
  for (const offset of Object.values(places)) {
    const damaged = rig.places.records.find(diffId) ?? layer;
    await flip(rig.pathOf(diffId), offset);
    const fault = await rig.verify(diffId, { fast: true });
    expect(fault).toMatchObject({ part: 'index' });
    const recipe = fault?.recipe;
    if (recipe === undefined) throw new Error('no way to read the tar');
    await restoreLayer(rig.layers, damaged, { recipe, why: 'damaged by a test' });
    expect(rig.layers.has(diffId)).toBe(true);
    expect(await rig.verify(diffId)).toBeUndefined();
  }
});

test('an index that was written for another tree differs from the tar, though its checksum is right', async () => {
  await using rig = await openRig();
  const content = randomBytes(5000);
  const one = await rig.add(tarOf({ name: 'file', content, mode: 0o600 }));
  const other = await rig.add(tarOf({ name: 'file', content, mode: 0o644 }));
  await copyIndex(rig.pathOf(other.diffId), rig.pathOf(one.diffId));
  expect(await rig.verify(one.diffId, { fast: true })).toBeUndefined();
  expect(await rig.verify(one.diffId)).toMatchObject({ part: 'index', why: expect.stringContaining('differs') });
});

test('a file that is gone, cut or holds another layer is told', async () => {
  await using rig = await openRig();
  const one = await rig.add(tarOf(...files()));
  await truncate(rig.pathOf(one.diffId), 200_000);
  expect(await rig.verify(one.diffId, { fast: true })).toMatchObject({ part: 'content' });
  await rm(rig.pathOf(one.diffId));
  expect(await rig.verify(one.diffId)).toMatchObject({ part: 'missing' });
});

test('damage in a sparse file that lies outside of the tar is found', async () => {
  await using rig = await openRig();
  const { diffId } = await rig.add(await sparseTar());
  expect(await rig.verify(diffId)).toBeUndefined();
  const { header } = readLayerFile(rig.pathOf(diffId));
  await flip(rig.pathOf(diffId), DATA_OFFSET + header.dataBytes + 65_536 + 10);
  expect(await rig.verify(diffId)).toMatchObject({ part: 'index', why: expect.stringContaining('sparse') });
});
