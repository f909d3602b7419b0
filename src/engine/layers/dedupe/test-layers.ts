import { createHash } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { mkdtempDisposable, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { MIGRATIONS } from '#engine/migrations.ts';
import { silentLog } from '#lib/log.ts';
import { type Database, openDatabase } from '#lib/sqlite.ts';
import { tarHeader } from '#lib/tar/header.ts';
import { TAR_END, tarEntry, tarPadding } from '#lib/tar/writer.ts';
import type { Digest } from '#oci/digest.ts';
import type { LayerRecord, LayerStore } from '../layer-store.ts';
import { openLayers } from '../open-layers.ts';

/** A regular file of a tar. */
export interface TestFile {
  path: string;
  bytes: Buffer;
  mtimeNs?: bigint;
}

/** Bytes that are different for each seed and have no runs. */
export function contentOf(seed: number, length: number): Buffer {
  const words = new Uint32Array(Math.ceil(length / 4));
  let word = seed + 1;
  for (let at = 0; at < words.length; at += 1) {
    word = (Math.imul(word, 1_664_525) + 1_013_904_223) >>> 0;
    words[at] = word ^ (word >>> 13);
  }
  return Buffer.from(words.buffer, 0, length);
}

export function tarOf(files: readonly TestFile[]): Buffer {
  const parts = files.flatMap(({ path, bytes, mtimeNs = 0n }) => [
    tarEntry(tarHeader({ name: path, kind: 'file', size: bytes.length, mtimeNs })),
    bytes,
    tarPadding(bytes.length),
  ]);
  return Buffer.concat([...parts, TAR_END]);
}

export function digestOf(bytes: Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** A layer store on a temporary folder. */
export interface TestLayers extends AsyncDisposable {
  root: string;
  layers: LayerStore;
  /** With `isAlone` it keeps all of its content itself, whatever others have. */
  load(tar: Buffer, options?: { isAlone?: boolean }): Promise<LayerRecord>;
  /** Of the tar as the store gives it back. */
  digestOfRead(diffId: Digest): Promise<Digest>;
  /** Changes a byte of a layer's file. */
  flipByte(diffId: Digest, offset: number): Promise<void>;
  /** What all files take on the disk. */
  diskBytes(): number;
  /** Settles when nothing goes on in the background. */
  idle(): Promise<void>;
  /** Opens the store again, as after a restart. @param meanwhile what happens while it is closed */
  reopen(meanwhile?: (database: Database) => void): Promise<void>;
}

const NO_CANDIDATES = { donors: [], table: new SharedArrayBuffer(256) };

export async function openTestLayers(folder = tmpdir()): Promise<TestLayers> {
  await using stack = new AsyncDisposableStack();
  const { path } = stack.use(await mkdtempDisposable(join(folder, 'berth-layers-')));
  const database = openDatabase(join(path, 'engine.db'), MIGRATIONS);
  stack.defer(() => database.close());
  const root = join(path, 'layers');
  let layers = await openLayers({ database, root, log: silentLog });
  stack.defer(() => layers[Symbol.asyncDispose]());
  const held = stack.move();
  return {
    root,
    get layers() {
      return layers;
    },
    async load(tar, { isAlone = false } = {}) {
      const candidates = isAlone ? NO_CANDIDATES : undefined;
      await using ingested = await layers.ingest(piecesOf(tar), { limitBytes: 2 ** 40, candidates });
      return await ingested.commit();
    },
    async digestOfRead(diffId) {
      const hash = createHash('sha256');
      for await (const chunk of layers.read(diffId)) hash.update(chunk);
      return `sha256:${hash.digest('hex')}`;
    },
    async flipByte(diffId, offset) {
      await using file = await open(layers.image(diffId).path, 'r+');
      const { buffer } = await file.read(Buffer.alloc(1), 0, 1, offset);
      await file.write(Buffer.from([(buffer[0] ?? 0) ^ 0xff]), 0, 1, offset);
    },
    diskBytes: () =>
      readdirSync(root, { withFileTypes: true, recursive: true })
        .filter((entry) => entry.isFile())
        .reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).blocks * 512, 0),
    async idle() {
      await layers.settled();
      await layers.proven();
      await layers.freed();
      while (readdirSync(join(root, '.new')).length > 0) await setTimeout(5);
    },
    async reopen(meanwhile) {
      await layers[Symbol.asyncDispose]();
      meanwhile?.(database);
      layers = await openLayers({ database, root, log: silentLog });
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

async function* piecesOf(tar: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < tar.length; at += 100_000) yield tar.subarray(at, at + 100_000);
}
