import { randomBytes } from 'node:crypto';
import type { LayerStore } from '#engine/layers/layer-store.ts';
import type { SnapshotName, Snapshotter } from '#engine/snapshots/snapshotter.ts';
import { sealLayer } from '#engine/images/seal-layer.ts';
import { ConflictError, NotFoundError } from '#lib/errors.ts';
import { createKeyedLock, type KeyedLock } from '#lib/keyed-lock.ts';
import type { Log } from '#lib/log.ts';
import type { Mount } from '#linux/mount.ts';
import { chainIds } from '#oci/chain-id.ts';
import type { Digest } from '#oci/digest.ts';
import type { StepInput, StepLayer } from './steps/step.ts';
import { createStepRecords, type StepRecord, type StepRecords } from './cache/step-records.ts';
import type { Database } from '#lib/sqlite.ts';

/** A layer that a step made or an image brought. Its snapshot changes its name when an image takes it over, so it is named through this. */
export interface Layer {
  snapshot: SnapshotName;
  /** Hashed beside what goes on; awaited when an image is made. */
  diffId: Promise<Digest>;
}

/** A step that was done. */
export interface DoneStep {
  key: string;
  /** Bottom first. */
  layers: readonly StepLayer[];
  inputs: readonly StepInput[];
  description: string;
  created: number;
}

/** What steps leave, and what they left earlier. */
export interface Layers {
  /** An earlier result on top of the same layers that is still whole; no layers for a step that changed no file. */
  find(key: string, parent: Layer | undefined): Promise<{ created: number; layers: readonly StepLayer[] } | undefined>;
  /** Makes a writable tree over a layer. */
  prepare(name: SnapshotName, parent: Layer | undefined): Promise<Mount[]>;
  /** Read-only mounts of a layer with all below it. */
  mounts(layer: Layer): Promise<Mount[]>;
  /** Keeps the tree `active` as the result of a step, and begins to hash it. */
  commit(active: SnapshotName): Promise<Layer>;
  /** @returns whether this takes the place of an earlier result */
  record(step: DoneStep): boolean;
  /** A layer of an image. */
  ofImage(snapshot: SnapshotName, diffId: Digest): Layer;
  /** Waits for the hashes, and gives the layers the names that images know them by. @returns the diff ids, bottom first */
  seal(stack: readonly Layer[]): Promise<Digest[]>;
  steps(): StepRecord[];
  /** Forgets the steps that `select` names. @returns their keys */
  forget(select: (step: StepRecord) => boolean): string[];
  /** Removes what no step and no image needs; never while something is built. @returns bytes that came back */
  removeUnused(): Promise<number>;
}

interface Context {
  layerFiles: LayerStore;
  snapshots: Snapshotter;
  log: Log;
  records: StepRecords;
  known: Map<SnapshotName, Layer>;
  /** A snapshot is not renamed while another is put on it by name. */
  lock: KeyedLock;
}

const PREFIX = 'step-';

export function openLayers({
  database,
  ...stores
}: Pick<Context, 'layerFiles' | 'snapshots' | 'log'> & { database: Database }): Layers {
  const records = createStepRecords(database);
  const context: Context = { ...stores, records, known: new Map(), lock: createKeyedLock() };
  const { snapshots, lock } = context;
  return {
    find: (key, parent) => findStep(context, key, parent),

    async prepare(name, parent) {
      using _ = await lock.acquire('names');
      return await snapshots.prepare(name, parent?.snapshot);
    },

    async mounts(layer) {
      using _ = await lock.acquire('names');
      return await snapshots.mounts(layer.snapshot);
    },

    async commit(active) {
      const name = `${PREFIX}${randomBytes(16).toString('hex')}`;
      await snapshots.commit(active, name);
      return remember(context, name, hash(context, name));
    },

    record({ key, layers, inputs, description, created }) {
      const former = records.find(key);
      const layer = layers.at(-1)?.layer;
      const titles = layers.map(({ title }) => title);
      records.put({ key, snapshot: layer?.snapshot, diffId: undefined, titles, inputs, description, created });
      layer?.diffId.then((diffId) => records.seal(layer.snapshot, diffId)).catch(() => {}); // hashed anew when it is asked for
      return former?.snapshot !== undefined;
    },

    ofImage: (snapshot, diffId) => remember(context, snapshot, Promise.resolve(diffId)),

    seal: (stack) => sealStack(context, stack),

    steps: () => records.list(),

    forget(select) {
      const forgotten = records.list().filter(select);
      for (const { key } of forgotten) records.remove(key);
      return forgotten.map(({ key }) => key);
    },

    removeUnused: () => removeUnused(context),
  };
}

function remember({ known }: Context, ...[snapshot, diffId]: [snapshot: SnapshotName, diffId: Promise<Digest>]): Layer {
  const existing = known.get(snapshot);
  if (existing !== undefined) return existing;
  const layer = { snapshot, diffId };
  known.set(snapshot, layer);
  // Whoever waits for it hears of a failure; whoever comes later tries again.
  diffId.catch(() => known.delete(layer.snapshot));
  return layer;
}

async function hash(context: Context, snapshot: SnapshotName): Promise<Digest> {
  const diffId = await sealLayer(context.snapshots, snapshot);
  context.records.seal(context.known.get(snapshot)?.snapshot ?? snapshot, diffId);
  return diffId;
}

async function findStep(
  context: Context,
  ...[key, parent]: [key: string, parent: Layer | undefined]
): ReturnType<Layers['find']> {
  const { records } = context;
  const record = records.find(key);
  if (record === undefined) return undefined;
  const left = await wholeLayers(context, record, parent);
  if (left === undefined) return undefined;
  records.touch(key);
  return { created: record.created, layers: left };
}

/** What a step left, if all of it is there, on the same layer; layers that are files must be proven. */
async function wholeLayers(
  context: Context,
  { snapshot, titles }: StepRecord,
  parent: Layer | undefined,
): Promise<StepLayer[] | undefined> {
  const { layerFiles, snapshots } = context;
  const found: StepLayer[] = [];
  let name = snapshot;
  try {
    for (const title of titles.toReversed()) {
      if (name === undefined) return undefined;
      const { kind, parent: below, form, diffId } = await snapshots.stat(name);
      const isWhole = form === 'directory' || (diffId !== undefined && layerFiles.has(diffId));
      if (kind !== 'committed' || !isWhole) return undefined;
      const hashed = diffId === undefined ? () => hash(context, name ?? '') : () => Promise.resolve(diffId);
      const layer = context.known.get(name) ?? remember(context, name, hashed());
      found.unshift({ layer, title });
      name = below;
    }
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
  return titles.length === 0 || name === parent?.snapshot ? found : undefined;
}

async function sealStack(
  { snapshots, records, known, lock, log }: Context,
  stack: readonly Layer[],
): Promise<Digest[]> {
  const diffIds = await Promise.all(stack.map(({ diffId }) => diffId));
  using _ = await lock.acquire('names');
  const names = chainIds(diffIds);
  for (const [index, layer] of stack.entries()) {
    const former = layer.snapshot;
    const name = names[index] ?? former;
    if (former === name) continue;
    const isDouble = await exists(snapshots, name);
    if (!isDouble) await snapshots.rename(former, name);
    records.rename(former, name);
    known.delete(former);
    layer.snapshot = name;
    known.set(name, layer);
    if (isDouble)
      await snapshots
        .remove(former)
        .catch((error: unknown) => log.debug('a second copy of a layer stays', { error: String(error) }));
  }
  return diffIds;
}

async function exists(snapshots: Snapshotter, name: SnapshotName): Promise<boolean> {
  try {
    await snapshots.stat(name);
    return true;
  } catch (error) {
    if (error instanceof NotFoundError) return false;
    throw error;
  }
}

/** Removes snapshots of ours that no step names, children before parents. */
async function removeUnused({ snapshots, records, known }: Context): Promise<number> {
  const used = new Set(records.list().map(({ snapshot }) => snapshot));
  let bytes = 0;
  const waiting = (await snapshots.list()).filter(
    ({ name, kind }) => kind === 'committed' && name.startsWith(PREFIX) && !used.has(name),
  );
  for (const record of waiting.toReversed()) {
    try {
      await snapshots.remove(record.name);
      known.delete(record.name);
      bytes += record.bytes;
    } catch (error) {
      if (!(error instanceof ConflictError) && !(error instanceof NotFoundError)) throw error;
    }
  }
  return bytes;
}
