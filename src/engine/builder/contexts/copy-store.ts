import { randomBytes } from 'node:crypto';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { witnessOf } from '#engine/layers/witness.ts';
import { removeTree } from '#lib/files/remove-tree.ts';
import type { Log } from '#lib/log.ts';
import type { OrderLimits } from './check-order.ts';
import { readContents, readIndex, removeIndex, writeIndex } from './copy-index.ts';
import { type Contents, type ContextName, EMPTY_COPY, isSameContext, type KeptCopy, sizeOf } from './kept-copy.ts';

export interface KeptLimits {
  /** Of all copies together. What they share is counted for each. */
  bytes: number;
  /** Copies of one folder, and of all. */
  parts: number;
  copies: number;
  /** How long one stays that nobody asks for, milliseconds. */
  ageMs: number;
  /** Entries of one context. */
  entries: number;
  /** Entries of copies that nobody looks at, in memory. */
  loaded: number;
}

const DEFAULT_LIMITS: KeptLimits = {
  bytes: 10 * 2 ** 30,
  parts: 6,
  copies: 200,
  ageMs: 7 * 24 * 3600_000,
  entries: 1_000_000,
  loaded: 100_000,
};
/** How long one waits for another that brings the same thing up to date, before it starts from something else. */
const WAIT_MS = 2000;
/** The build that asked for a copy comes first. */
const INDEX_DELAY_MS = 300;
/** Characters of the paths of one context, which are in memory while it comes. */
const NAMES_LIMIT = 128 * 1024 * 1024;

/** Copies of contexts on the disk. */
export interface CopyStore {
  readonly copies: ReadonlyMap<string, KeptCopy>;
  /** Of one context. */
  readonly limits: OrderLimits;
  /** The copy of the same part, or the one that is most likely to have what is needed. */
  choose(source: ContextName, part: string): Promise<KeptCopy | undefined>;
  load(copy: KeptCopy): Promise<Contents>;
  treeOf(copy: KeptCopy): string;
  /** A new copy, which changes; nobody sees it. */
  create(source: ContextName, contents: Contents): Promise<KeptCopy>;
  /** From here on nobody looks at it, nor finds it after a crash. */
  beginChange(copy: KeptCopy): Promise<void>;
  /** @param part undefined if it is good only to start from */
  endChange(copy: KeptCopy, part: string | undefined): void;
  /** Takes away one that changes. */
  discard(copy: KeptCopy): void;
  remove(id: string): Promise<number>;
  /** Nobody will ask for what this owner sent. */
  forget(owner: string): void;
  /** Takes away what is too old, or too much; the longest unused first. */
  trim(): void;
  close(): Promise<void>;
}

interface State {
  folder: string;
  witness: string;
  limits: KeptLimits;
  log: Log;
  copies: Map<string, KeptCopy>;
  /** Work on the disk that nobody waits for, by copy. */
  later: Map<string, Promise<void>>;
  /** Indexes that are to be written, by copy. */
  due: Map<string, NodeJS.Timeout>;
  /** Called whenever a copy stops changing. */
  waiting: Set<() => void>;
}

export async function openCopyStore(
  folder: string,
  { log, limits }: { log: Log; limits: Partial<KeptLimits> },
): Promise<CopyStore> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const state: State = {
    folder,
    witness: witnessOf(folder),
    limits: { ...DEFAULT_LIMITS, ...limits },
    log,
    copies: new Map(),
    later: new Map(),
    due: new Map(),
    waiting: new Set(),
  };
  for (const id of await readdir(folder)) {
    const copy = await readIndex(join(folder, id), id, state.witness);
    if (copy === undefined) removeLater(state, id);
    else state.copies.set(id, copy);
  }
  trim(state);
  return {
    copies: state.copies,
    limits: { entriesLimit: state.limits.entries, namesLimit: NAMES_LIMIT },
    choose: (source, part) => choose(state, source, part),
    load: async (copy) => (copy.contents ??= await readContents(join(folder, copy.id))),
    treeOf: ({ id }) => join(folder, id, 'tree'),
    create: (source, contents) => create(state, source, contents),
    beginChange: (copy) => beginChange(state, copy),
    endChange: (copy, part) => endChange(state, copy, part),
    discard: (copy) => discard(state, copy),
    remove: (id) => remove(state, id),
    forget: (owner) => forget(state, owner),
    trim: () => trim(state),
    async close() {
      for (const id of state.due.keys()) writeDue(state, id);
      while (state.later.size > 0) await Promise.all(state.later.values());
    },
  };
}

async function choose(state: State, ...[source, part]: [ContextName, string]): Promise<KeptCopy | undefined> {
  const deadline = Date.now() + WAIT_MS;
  for (;;) {
    const known = [...state.copies.values()].filter((copy) => isSameContext(copy.source, source));
    const same = known.find((copy) => copy.part === part);
    if (same?.isChanging === false) return same;
    if (same === undefined || Date.now() >= deadline)
      return known.filter((copy) => !copy.isChanging).toSorted((a, b) => b.count - a.count)[0];
    await oneMore(state, deadline - Date.now());
  }
}

async function oneMore({ waiting }: State, timeoutMs: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, timeoutMs);
  waiting.add(resolve);
  await promise;
  clearTimeout(timer);
  waiting.delete(resolve);
}

async function create(state: State, ...[source, contents]: [ContextName, Contents]): Promise<KeptCopy> {
  const now = Date.now();
  const id = randomBytes(8).toString('hex');
  await mkdir(join(state.folder, id), { mode: 0o700 });
  await mkdir(join(state.folder, id, 'tree'), { mode: 0o755 });
  return { ...EMPTY_COPY, id, source, contents, isChanging: true, created: now, used: now };
}

async function beginChange(state: State, copy: KeptCopy): Promise<void> {
  copy.isChanging = true;
  clearTimeout(state.due.get(copy.id));
  state.due.delete(copy.id);
  await state.later.get(copy.id);
  await removeIndex(join(state.folder, copy.id));
}

function endChange(state: State, ...[copy, part]: [KeptCopy, string | undefined]): void {
  const { id, source, contents } = copy;
  copy.isChanging = false;
  copy.part = part;
  copy.bytes = sizeOf(contents?.entries ?? []);
  copy.count = contents?.entries.length ?? 0;
  if (part !== undefined && source !== undefined)
    for (const other of state.copies.values()) {
      // What broke off is of use only while it has more.
      const isOlder = other.part === part || (other.part === undefined && other.count <= copy.count);
      if (other !== copy && isOlder && isSameContext(other.source, source)) other.source = undefined;
    }
  state.copies.set(id, copy);
  state.due.set(id, setTimeout(() => writeDue(state, id), INDEX_DELAY_MS).unref());
  wake(state);
  trim(state);
}

function discard(state: State, copy: KeptCopy): void {
  copy.isChanging = false;
  state.copies.delete(copy.id);
  removeLater(state, copy.id);
  wake(state);
}

async function remove(state: State, id: string): Promise<number> {
  const copy = state.copies.get(id);
  if (copy === undefined || isBusy(copy)) return 0;
  state.copies.delete(id);
  removeLater(state, id);
  await state.later.get(id);
  return copy.bytes;
}

function forget(state: State, owner: string): void {
  for (const copy of state.copies.values()) if (copy.source?.owner === owner) copy.source = undefined;
  trim(state);
}

export function isBusy({ users, isChanging }: KeptCopy): boolean {
  return users > 0 || isChanging;
}

function wake({ waiting }: State): void {
  for (const resolve of waiting) resolve();
}

function trim(state: State): void {
  const { copies, limits } = state;
  const oldest = [...copies.values()].toSorted((a, b) => a.used - b.used);
  let bytes = oldest.reduce((sum, copy) => sum + copy.bytes, 0);
  const parts = new Map<string, number>();
  for (const copy of oldest) parts.set(nameOf(copy), (parts.get(nameOf(copy)) ?? 0) + 1);
  for (const copy of oldest) {
    const count = parts.get(nameOf(copy)) ?? 0;
    const isTooMuch = bytes > limits.bytes || count > limits.parts || copies.size > limits.copies;
    const isOld = copy.source === undefined || Date.now() - copy.used > limits.ageMs;
    if (isBusy(copy) || (!isTooMuch && !isOld)) continue;
    bytes -= copy.bytes;
    parts.set(nameOf(copy), count - 1);
    copies.delete(copy.id);
    removeLater(state, copy.id);
  }
  unload(state, oldest);
}

function nameOf({ source }: KeptCopy): string {
  return JSON.stringify([source?.owner, source?.name]);
}

/** Leaves on the disk alone what nobody asked for lately. */
function unload({ copies, limits, due, later }: State, oldest: readonly KeptCopy[]): void {
  const loaded = oldest.filter((copy) => copies.has(copy.id) && copy.contents !== undefined);
  let count = loaded.reduce((sum, copy) => sum + copy.count, 0);
  for (const copy of loaded) {
    if (count <= limits.loaded) return;
    if (isBusy(copy) || due.has(copy.id) || later.has(copy.id)) continue;
    copy.contents = undefined;
    count -= copy.count;
  }
}

function writeDue(state: State, id: string): void {
  const copy = state.copies.get(id);
  clearTimeout(state.due.get(id));
  state.due.delete(id);
  if (copy === undefined) return;
  doLater(state, id, () => writeIndex(join(state.folder, id), copy, state.witness));
}

function removeLater(state: State, id: string): void {
  doLater(state, id, () => removeTree(join(state.folder, id)));
}

/** After what is under way for the same copy. */
function doLater({ later, log }: State, ...[id, work]: [string, () => Promise<void>]): void {
  const all = (later.get(id) ?? Promise.resolve()).then(work).catch((error: unknown) => {
    log.warn('a kept context could not be put away', { copy: id, error: String(error) });
  });
  const task = all.finally(() => {
    if (later.get(id) === task) later.delete(id);
  });
  later.set(id, task);
}
