import { randomBytes } from 'node:crypto';
import { chmod, chown, lstat, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { removeTree } from '#lib/files/remove-tree.ts';
import { treeUsage } from '#lib/files/tree-usage.ts';
import { sha256 } from '#lib/sha256.ts';
import type { Database } from '#lib/sqlite.ts';
import { type CacheMountRecord, type CacheMountRecords, createCacheMountRecords } from './cache-mount-records.ts';

/** How a cache is used by several at a time: by all; by one after another; by each another folder. */
export type CacheSharing = 'shared' | 'locked' | 'private';

/** A cache that a step wants. */
export interface CacheMountAsk {
  /** Names it for all builds of this engine. */
  id: string;
  sharing: CacheSharing;
  /** Of a new folder; 0755 if undefined. Caches that differ in these are different ones. */
  mode?: number | undefined;
  uid?: number | undefined;
  gid?: number | undefined;
  /** What a new one begins with. */
  seed?: CacheSeed | undefined;
  /** For people who look at what takes the space. */
  description: string;
}

export interface CacheSeed {
  /** Names the content: caches with another beginning are different ones. */
  identity: string;
  fill: (folder: string) => Promise<void>;
}

/** Folders that are in use until disposed. */
export interface OpenedCacheMounts extends AsyncDisposable {
  /** One for each that was asked for, in the same order; the same folder for the same cache. */
  readonly paths: readonly string[];
}

export interface CacheMountUse {
  /** The build. */
  ref: string;
  signal: AbortSignal;
}

/** Folders that outlive builds, below one root. */
export interface CacheMounts {
  /**
   * Takes all caches of a step into use at once: whoever opened some and waited for others could wait for ever.
   * @throws the reason of the signal while it waits for a locked one
   */
  open(asks: readonly CacheMountAsk[], use: CacheMountUse): Promise<OpenedCacheMounts>;
  /** All that there are, measured. */
  list(): Promise<(CacheMountRecord & { isUsed: boolean })[]>;
  /** Removes one that is not in use. @returns whether it was removed */
  remove(folder: string): Promise<boolean>;
  /** What new caches of a build begin with, by id: what it imported. */
  offer(ref: string, seeds: ReadonlyMap<string, (folder: string) => Promise<void>>): void;
  /** Folders that a build has used, or whose users it took from earlier builds. */
  usedBy(ref: string): CacheMountRecord[];
  /** Counts caches as used by a build that takes from an earlier one what was done with them. */
  mention(ref: string, keys: readonly string[]): void;
  /** Waits until nobody uses a folder, and keeps it so. @returns undefined if it is gone */
  hold(folder: string, signal: AbortSignal): Promise<({ path: string } & AsyncDisposable) | undefined>;
  /** Forgets what a build used. */
  endBuild(ref: string): void;
}

/** A folder with those who use it. */
interface Cache {
  record: CacheMountRecord;
  users: number;
  isExclusive: boolean;
  ready: Promise<void>;
}

interface Context {
  root: string;
  records: CacheMountRecords;
  caches: Map<string, Cache[]>;
  /** Told when a folder becomes free, by key. */
  waiting: Map<string, (() => void)[]>;
  seeds: Map<string, ReadonlyMap<string, (folder: string) => Promise<void>>>;
  uses: Map<string, Set<Cache>>;
}

const STRICTNESS: readonly CacheSharing[] = ['shared', 'private', 'locked'];

/** Opens the caches below `root`; folders without a record and records without a folder are removed. */
export async function openCacheMounts(database: Database, root: string): Promise<CacheMounts> {
  await mkdir(root, { recursive: true, mode: 0o700 });
  const records = createCacheMountRecords(database);
  const context: Context = {
    root,
    records,
    caches: new Map(),
    waiting: new Map(),
    seeds: new Map(),
    uses: new Map(),
  };
  await load(context);
  return {
    open: (asks, use) => openAll(context, asks, use),
    list: () => list(context),
    remove: (folder) => remove(context, folder),
    offer: (ref, seeds) => void context.seeds.set(ref, seeds),
    usedBy: (ref) => [...(context.uses.get(ref) ?? [])].map(({ record }) => record),
    mention(ref, keys) {
      const used = context.uses.get(ref) ?? new Set();
      for (const key of keys) for (const cache of context.caches.get(key)?.slice(0, 1) ?? []) used.add(cache);
      context.uses.set(ref, used);
    },
    hold: (folder, signal) => hold(context, folder, signal),
    endBuild(ref) {
      context.seeds.delete(ref);
      context.uses.delete(ref);
    },
  };
}

async function load({ root, records, caches }: Context): Promise<void> {
  const present = new Set(await readdir(root));
  for (const record of records.list())
    if (present.delete(record.folder)) {
      const cache = { record, users: 0, isExclusive: false, ready: Promise.resolve() };
      caches.set(record.key, [...(caches.get(record.key) ?? []), cache]);
    } else records.remove(record.folder);
  for (const name of present) await removeTree(join(root, name));
}

function keyOf({ id, mode, uid, gid, seed }: CacheMountAsk): string {
  return sha256(JSON.stringify([id, mode ?? 0o755, uid ?? 0, gid ?? 0, seed?.identity ?? '']));
}

async function openAll(
  context: Context,
  ...[asks, use]: [asks: readonly CacheMountAsk[], use: CacheMountUse]
): Promise<OpenedCacheMounts> {
  await using resources = new AsyncDisposableStack();
  const wanted = new Map<string, CacheMountAsk>();
  for (const ask of asks) {
    const key = keyOf(ask);
    const other = wanted.get(key);
    const isStricter = other !== undefined && STRICTNESS.indexOf(ask.sharing) > STRICTNESS.indexOf(other.sharing);
    if (other === undefined || isStricter) wanted.set(key, ask);
  }
  const folders = new Map<string, string>();
  // In one order, so that no two steps wait for each other.
  for (const [key, ask] of [...wanted].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const cache = await acquire(context, { key, ask }, use);
    resources.defer(() => release(context, cache));
    folders.set(key, join(context.root, cache.record.folder));
  }
  const held = resources.move();
  return {
    paths: asks.map((ask) => folders.get(keyOf(ask)) ?? ''),
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

async function acquire(
  context: Context,
  { key, ask }: { key: string; ask: CacheMountAsk },
  { ref, signal }: CacheMountUse,
): Promise<Cache> {
  for (;;) {
    signal.throwIfAborted();
    const all = context.caches.get(key) ?? [];
    const free = all.find(({ users }) => users === 0);
    const joined = ask.sharing === 'shared' ? all.find(({ isExclusive }) => !isExclusive) : undefined;
    const found = joined ?? free;
    if (found === undefined && ask.sharing === 'locked' && all.length > 0) {
      await turn(context, key, signal);
      continue;
    }
    const cache = found ?? create(context, { key, ask, seed: context.seeds.get(ref)?.get(ask.id) });
    cache.users += 1;
    cache.isExclusive = ask.sharing !== 'shared';
    const isThere = await cache.ready.then(
      () => true,
      (error: unknown) => {
        if (found === undefined) throw error;
        return false; // it was another who made it: try it ourselves
      },
    );
    if (!isThere) continue;
    touch(context, ref, cache);
    return cache;
  }
}

function touch({ records, uses }: Context, ...[ref, cache]: [ref: string, cache: Cache]): void {
  const { record } = cache;
  const isNew = record.uses === 0;
  Object.assign(record, { used: Date.now(), uses: record.uses + 1, bytes: undefined });
  if (!isNew) records.use(record.folder, record.used);
  uses.set(ref, (uses.get(ref) ?? new Set()).add(cache));
}

function release(context: Context, cache: Cache): void {
  cache.users -= 1;
  if (cache.users > 0) return;
  cache.isExclusive = false;
  wake(context, cache.record.key);
}

function wake({ waiting }: Context, key: string): void {
  const told = waiting.get(key) ?? [];
  waiting.delete(key);
  for (const tell of told) tell();
}

/** Waits until a folder of that key becomes free. */
async function turn({ waiting }: Context, ...[key, signal]: [key: string, signal: AbortSignal]): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  waiting.set(key, [...(waiting.get(key) ?? []), resolve]);
  const stop = (): void => reject(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  try {
    await promise;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

interface Making {
  key: string;
  ask: CacheMountAsk;
  /** From elsewhere; what the step asks for itself goes before it. */
  seed: ((folder: string) => Promise<void>) | undefined;
}

/** Others see it at once, and wait until it is ready. */
function create(context: Context, { key, ask, seed }: Making): Cache {
  const now = Date.now();
  const folder = randomBytes(8).toString('hex');
  const { id, description } = ask;
  const record = { folder, key, id, description, bytes: undefined, created: now, used: now, uses: 0 };
  const cache: Cache = { record, users: 0, isExclusive: false, ready: Promise.resolve() };
  const fill = ask.seed?.fill ?? seed;
  const make = async (): Promise<void> => {
    const path = join(context.root, folder);
    try {
      await mkdir(path, { mode: 0o700 });
      await fill?.(path);
      await chown(path, ask.uid ?? 0, ask.gid ?? 0);
      await chmod(path, ask.mode ?? 0o755);
      context.records.add({ ...record, uses: 1 });
    } catch (error) {
      drop(context, cache);
      await removeTree(path).catch(() => {}); // the next start removes it
      throw error;
    }
  };
  cache.ready = make();
  cache.ready.catch(() => {}); // told to whoever waits for it
  context.caches.set(key, [...(context.caches.get(key) ?? []), cache]);
  return cache;
}

function drop(context: Context, cache: Cache): void {
  const { key } = cache.record;
  const rest = (context.caches.get(key) ?? []).filter((other) => other !== cache);
  if (rest.length > 0) context.caches.set(key, rest);
  else context.caches.delete(key);
  wake(context, key);
}

async function list(context: Context): Promise<(CacheMountRecord & { isUsed: boolean })[]> {
  const all = [...context.caches.values()].flat().filter(({ record }) => record.uses > 0);
  return Promise.all(
    all.map(async (cache) => {
      const bytes = cache.record.bytes ?? (await measureCache(context, cache));
      return { ...cache.record, bytes, isUsed: cache.users > 0 };
    }),
  );
}

/** What is or was in use meanwhile is measured again the next time. */
async function measureCache({ root, records }: Context, cache: Cache): Promise<number | undefined> {
  const { record } = cache;
  const { uses } = record;
  const bytes = await measure(join(root, record.folder));
  if (bytes === undefined || cache.users > 0 || record.uses !== uses) return bytes;
  record.bytes = bytes;
  records.measured(record.folder, bytes);
  return bytes;
}

/** Bytes of a folder; undefined if it is gone. */
async function measure(path: string): Promise<number | undefined> {
  try {
    return (await treeUsage(path)).bytes;
  } catch (error) {
    if ((await lstat(path).catch(() => undefined)) === undefined) return undefined;
    throw error;
  }
}

function find({ caches }: Context, folder: string): Cache | undefined {
  return [...caches.values()].flat().find(({ record }) => record.folder === folder);
}

async function remove(context: Context, folder: string): Promise<boolean> {
  const cache = find(context, folder);
  if (cache === undefined || cache.users > 0) return false;
  drop(context, cache);
  context.records.remove(folder);
  await removeTree(join(context.root, folder));
  return true;
}

async function hold(
  context: Context,
  ...[folder, signal]: [folder: string, signal: AbortSignal]
): Promise<({ path: string } & AsyncDisposable) | undefined> {
  for (;;) {
    signal.throwIfAborted();
    const cache = find(context, folder);
    if (cache === undefined) return undefined;
    if (cache.users > 0) {
      await turn(context, cache.record.key, signal);
      continue;
    }
    cache.users = 1;
    cache.isExclusive = true;
    return { path: join(context.root, folder), [Symbol.asyncDispose]: async () => release(context, cache) };
  }
}
