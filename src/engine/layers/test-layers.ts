import { mkdtempDisposable, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '#lib/log.ts';
import { type Database, openDatabase } from '#lib/sqlite.ts';
import { MIGRATIONS } from '#engine/migrations.ts';
import type { Digest } from '#oci/digest.ts';
import type { LayerRecord, LayerStore } from './layer-store.ts';
import { openLayers } from './open-layers.ts';
import { createLayerRecords, type LayerRecords } from './records.ts';

/** A store on a folder of its own, for tests. */
export interface TestLayers extends AsyncDisposable {
  /** The store's folder. */
  root: string;
  database: Database;
  records: LayerRecords;
  /** The store as it was opened last. */
  readonly layers: LayerStore;
  add(tar: Buffer): Promise<LayerRecord>;
  pathOf(diffId: Digest): string;
  tarOf(diffId: Digest): Promise<Buffer>;
  /** Names of the files there, those of layers on their way with their folder. */
  files(): Promise<string[]>;
  /** Opens the store again, as after a restart. @param meanwhile what happens in between */
  reopen(meanwhile?: () => void | Promise<void>): Promise<LayerStore>;
}

/** @param at where the folder is made; the system's for temporary files if absent */
export async function openTestLayers(at: string = tmpdir()): Promise<TestLayers> {
  await using cleanup = new AsyncDisposableStack();
  const folder = cleanup.use(await mkdtempDisposable(join(at, 'layers-')));
  const database = openDatabase(join(folder.path, 'engine.db'), MIGRATIONS);
  cleanup.defer(() => database.close());
  const root = join(folder.path, 'layers');
  const records = createLayerRecords(database);
  let store = await openLayers({ database, root, log: silentLog });
  cleanup.defer(() => store[Symbol.asyncDispose]());
  const held = cleanup.move();
  return {
    root,
    database,
    records,
    get layers() {
      return store;
    },
    async add(tar) {
      await using ingested = await store.ingest(chunksOf(tar), { limitBytes: 1e9 });
      return await ingested.commit();
    },
    pathOf: (diffId) => join(root, records.find(diffId)?.file ?? 'none'),
    tarOf: async (diffId) => Buffer.concat(await Array.fromAsync(store.read(diffId))),
    async files() {
      const entries = await readdir(root, { recursive: true, withFileTypes: true });
      return entries.filter((entry) => entry.isFile()).map(({ name, parentPath }) => join(parentPath, name).slice(root.length + 1)); // prettier-ignore
    },
    async reopen(meanwhile) {
      await store[Symbol.asyncDispose]();
      await meanwhile?.();
      store = await openLayers({ database, root, log: silentLog });
      return store;
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

/** The bytes in pieces, none of them a multiple of a block. */
export async function* chunksOf(bytes: Buffer, chunkBytes = 65_537): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
}

/** Bytes that look like no others, the same for the same seed. */
export function noise(seed: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let word = seed * 2_654_435_761 + 1;
  for (let at = 0; at < length; at += 1) {
    word = (Math.imul(word, 1_103_515_245) + 12_345) >>> 0;
    bytes[at] = word >>> 16;
  }
  return bytes;
}
