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
  /** Empty while it lies elsewhere. */
  snapshot: SnapshotName;
  /** Fetches it, with those below it; absent for one that is here. */
  arrive?: (() => Promise<void>) | undefined;
  /** Hashed beside what goes on; awaited when an image is made. */
  diffId: Promise<Digest>;
}

/** A step that was done. */
export interface DoneStep {
  key: string;
  /** Key of what it was done on. */
  parent: string;
  /** Bottom first. */
  layers: readonly StepLayer[];
  inputs: readonly StepInput[];
  description: string;
  created: number;
}

/** What a step left. */
export interface StepResult {
  /** Milliseconds since epoch. */
  created: number;
  /** Bottom first; none for a step that changed no file. */
  layers: readonly StepLayer[];
  /** Of their files. */
  bytes: number;
}

/** A layer to be fetched. */
export interface DeferredLayer {
  diffId: Digest;
  below: Layer | undefined;
  /** Brings it into the layer store. @throws what keeps it away */
  load: () => Promise<void>;
}

/** What steps leave, and what they left earlier. */
export interface Layers {
  /** An earlier result on top of the same layers that is still whole. */
  find(key: string, parent: Layer | undefined): Promise<StepResult | undefined>;
  /** What is remembered about steps without their results. */
  readonly memory: StepMemory;
  /** Makes a writable tree over a layer. */
  prepare(name: SnapshotName, parent: Layer | undefined): Promise<Mount[]>;
  /** Read-only mounts of a layer with all below it. */
  mounts(layer: Layer): Promise<Mount[]>;
  /** Keeps the tree `active` as the result of a step, and begins to hash it, unless it changes the same as another layer. */
  commit(active: SnapshotName, same?: Layer): Promise<Layer>;
  /** A layer that lies elsewhere, laid over another when its files are needed: until then only its name is known. */
  defer(layer: DeferredLayer): Layer;
  /** @returns whether this takes the place of an earlier result */
  record(step: DoneStep): boolean;
  /** Bytes of the files of layers. */
  bytes(layers: readonly StepLayer[]): Promise<number>;
  /** A layer of an image. */
  ofImage(snapshot: SnapshotName, diffId: Digest): Layer;
  /** Waits for the hashes, and gives the layers the names that images know them by. @returns the diff ids, bottom first */
  seal(stack: readonly Layer[]): Promise<Digest[]>;
  /** Longest unused first. */
  steps(): StepRecord[];
  forget(keys: Iterable<string>): void;
  /** Removes what no step and no image needs; never while something is built. @returns bytes that came back */
  removeUnused(): Promise<number>;
}

/** What is remembered about steps. */
export type StepMemory = Pick<
  StepRecords,
  'inputs' | 'follow' | 'shorten' | 'atSlot' | 'setSlot' | 'mounts' | 'addMounts' | 'flush'
>;

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
    memory: records,
    find: (key, parent) => findStep(context, key, parent),

    async prepare(name, parent) {
      await parent?.arrive?.();
      using _ = await lock.acquire('names');
      return await snapshots.prepare(name, parent?.snapshot);
    },

    async mounts(layer) {
      await layer.arrive?.();
      using _ = await lock.acquire('names');
      return await snapshots.mounts(layer.snapshot);
    },

    commit: (active, same) => commitTree(context, active, same),

    defer: (layer) => defer(context, layer),

    bytes: (left) => bytesOf(context, left),

    record({ key, parent, layers, inputs, description, created }) {
      const former = records.find(key);
      const layer = layers.at(-1)?.layer;
      const titles = layers.map(({ title }) => title);
      records.put({ key, parent, snapshot: layer?.snapshot, diffId: undefined, titles, description, created }, inputs);
      layer?.diffId.then((diffId) => records.seal(layer.snapshot, diffId)).catch(() => {}); // hashed anew when it is asked for
      return former?.snapshot !== undefined;
    },

    ofImage: (snapshot, diffId) => remember(context, snapshot, Promise.resolve(diffId)),

    seal: (stack) => sealStack(context, stack),

    steps: () => records.list(),

    forget(keys) {
      for (const key of keys) records.remove(key);
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

function defer(context: Context, { diffId, below, load }: DeferredLayer): Layer {
  const layer: Layer = { snapshot: '', diffId: Promise.resolve(diffId) };
  let arriving: Promise<void> | undefined;
  const arrive = async (): Promise<void> => {
    await below?.arrive?.();
    await load();
    const name = `${PREFIX}${randomBytes(16).toString('hex')}`;
    using _ = await context.lock.acquire('names');
    await context.snapshots.stack({ name, parent: below?.snapshot, diffId });
    layer.snapshot = name;
    layer.arrive = undefined;
    context.known.set(name, layer);
  };
  layer.arrive = () => (arriving ??= arrive());
  return layer;
}

async function commitTree(
  context: Context,
  ...[active, same]: [active: SnapshotName, same: Layer | undefined]
): Promise<Layer> {
  const { snapshots } = context;
  const name = `${PREFIX}${randomBytes(16).toString('hex')}`;
  await snapshots.commit(active, name);
  return remember(context, name, same === undefined ? hash(context, name) : sealAs(context, name, same));
}

async function hash(context: Context, snapshot: SnapshotName): Promise<Digest> {
  const diffId = await sealLayer(context.snapshots, snapshot);
  context.records.seal(context.known.get(snapshot)?.snapshot ?? snapshot, diffId);
  return diffId;
}

/** What is known of a layer holds for one with the same changes. */
async function sealAs(context: Context, ...[snapshot, same]: [snapshot: SnapshotName, same: Layer]): Promise<Digest> {
  const diffId = await same.diffId;
  const { tarBytes } = await context.snapshots.stat(same.snapshot);
  if (tarBytes === undefined) return hash(context, snapshot);
  await context.snapshots.seal(snapshot, { diffId, tarBytes });
  context.records.seal(context.known.get(snapshot)?.snapshot ?? snapshot, diffId);
  return diffId;
}

async function findStep(
  context: Context,
  ...[key, parent]: [key: string, parent: Layer | undefined]
): Promise<StepResult | undefined> {
  const { records } = context;
  const record = records.find(key);
  if (record === undefined) return undefined;
  const left = await wholeLayers(context, record, parent);
  if (left === undefined) return undefined;
  records.touch(key);
  return { created: record.created, ...left };
}

/** What a step left, if all of it is there, on the same layer; layers that are files must be proven. */
async function wholeLayers(
  context: Context,
  { snapshot, titles }: StepRecord,
  parent: Layer | undefined,
): Promise<Pick<StepResult, 'layers' | 'bytes'> | undefined> {
  const { layerFiles, snapshots } = context;
  const layers: StepLayer[] = [];
  let bytes = 0;
  let name = snapshot;
  try {
    for (const title of titles.toReversed()) {
      if (name === undefined) return undefined;
      const { kind, parent: below, form, diffId, bytes: own } = await snapshots.stat(name);
      const isWhole = form === 'directory' || (diffId !== undefined && layerFiles.has(diffId));
      if (kind !== 'committed' || !isWhole) return undefined;
      const hashed = diffId === undefined ? () => hash(context, name ?? '') : () => Promise.resolve(diffId);
      const layer = context.known.get(name) ?? remember(context, name, hashed());
      layers.unshift({ layer, title });
      bytes += own;
      name = below;
    }
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
  return titles.length === 0 || name === parent?.snapshot ? { layers, bytes } : undefined;
}

async function bytesOf({ snapshots, lock }: Context, layers: readonly StepLayer[]): Promise<number> {
  using _ = await lock.acquire('names');
  const records = await Promise.all(layers.map(({ layer }) => snapshots.stat(layer.snapshot)));
  return records.reduce((sum, { bytes }) => sum + bytes, 0);
}

async function sealStack(
  { snapshots, records, known, lock, log }: Context,
  stack: readonly Layer[],
): Promise<Digest[]> {
  const diffIds = await Promise.all(stack.map(({ diffId }) => diffId));
  for (const layer of stack) await layer.arrive?.();
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
      // A layer that has a file gives its space back when that goes.
      if (record.form === 'directory') bytes += record.bytes;
    } catch (error) {
      if (!(error instanceof ConflictError) && !(error instanceof NotFoundError)) throw error;
    }
  }
  return bytes;
}
