import { NotFoundError } from '#lib/errors.ts';
import type { Root } from '#lib/files/open-root.ts';
import { createOrderCheck, type OrderLimits } from './check-order.ts';
import { comparePaths, indexAfter, isBelow } from './compare-paths.ts';
import { type ContextEntry, isSameEntry } from './context-entry.ts';
import { finishFolder, makeEntry, setEntryAttributes, shareEntry } from './copy-tree.ts';
import { createIncomingFile, type IncomingFile } from './incoming-file.ts';
import type { Contents } from './kept-copy.ts';

/** Brings a copy up to date: entries first, the bytes that were wanted meanwhile or behind. */
export interface CopyUpdate {
  /** The next entry in order. @returns the file that takes its bytes, if they are needed */
  put(entry: ContextEntry): IncomingFile | undefined | Promise<IncomingFile | undefined>;
  /** All entries are told. */
  endEntries(): Promise<void> | undefined;
  /** All bytes are there. */
  finish(): void;
  /** Stops before the end. @returns whether what is there is known, so that others can start from it */
  abandon(): boolean;
}

/** Where changes go. */
export interface Writable {
  contents: Contents;
  root: Root;
  /** Where what is unchanged is taken from, if changes go into another folder than the one that was compared. */
  shared?: Root;
}

export interface UpdateOptions {
  /** What the entries are compared with. */
  base: Contents;
  /** It is of the same part: if nothing differs it is what was asked for. */
  isSamePart: boolean;
  /** Called at the first difference. What `finish` leaves is in its answer then, else in the base. */
  makeWritable(): Promise<Writable>;
  limits: OrderLimits;
}

interface Update {
  options: UpdateOptions;
  /** Throws if an entry is not in its place. */
  check: (entry: ContextEntry) => void;
  /** Of the base, and how far they were compared. */
  old: readonly ContextEntry[];
  cursor: number;
  /** What was told. */
  next: ContextEntry[];
  writable: Writable | undefined;
  incoming: Set<IncomingFile>;
  /** Paths whose content is new. */
  changed: Set<string>;
  /** Second names of files, made when their first ones are there. */
  links: ContextEntry[];
  folders: Map<string, ContextEntry>;
  /** Folders whose time is to be set again. */
  touched: Set<string>;
  /** Cleared while something is changed: if that fails, nobody knows what is there. */
  isSound: boolean;
}

const YIELD_ENTRIES = 1000;

export function createCopyUpdate(options: UpdateOptions): CopyUpdate {
  const update: Update = {
    options,
    check: createOrderCheck(options.limits),
    old: options.base.entries,
    cursor: 0,
    next: [],
    writable: undefined,
    incoming: new Set(),
    changed: new Set(),
    links: [],
    folders: new Map(),
    touched: new Set(),
    isSound: true,
  };
  return {
    put(told) {
      update.check(told);
      const entry = told.kind === 'file' && told.target !== '' ? asLink(update.next, told) : told;
      if (entry.kind === 'directory') update.folders.set(entry.path, entry);
      const { writable } = update;
      if (writable !== undefined) return accept(update, writable, entry);
      const before = update.old[update.cursor];
      if (options.isSamePart && before?.path === entry.path && isUnchanged(update, before, entry)) {
        update.cursor += 1;
        update.next.push(entry);
        return undefined;
      }
      return begin(update).then((target) => accept(update, target, entry));
    },
    endEntries() {
      if (update.writable !== undefined) {
        dropRest(update, update.writable);
        return undefined;
      }
      if (options.isSamePart && update.cursor === update.old.length) return undefined;
      return begin(update).then((target) => dropRest(update, target));
    },
    finish: () => finish(update),
    abandon: () => abandon(update),
  };
}

/** A second name is like the first one; if that was left out of what was asked for, it is a file of its own. */
function asLink(entries: readonly ContextEntry[], told: ContextEntry): ContextEntry {
  const { path, target } = told;
  const first = entries[indexAfter(entries, target) - 1];
  const isThere = first?.path === target && first.kind === 'file' && first.target === '';
  return isThere ? { ...first, path, target } : { ...told, target: '' };
}

/** At the first difference. */
async function begin(update: Update): Promise<Writable> {
  const target = await update.options.makeWritable();
  update.writable = target;
  update.isSound = false;
  for (const [index, entry] of update.next.entries()) {
    share(update, target, entry);
    if (index % YIELD_ENTRIES === YIELD_ENTRIES - 1) await new Promise(setImmediate);
  }
  update.isSound = true;
  return target;
}

function accept(update: Update, ...[target, entry]: [Writable, ContextEntry]): IncomingFile | undefined {
  update.isSound = false;
  dropUntil(update, target, entry.path);
  const old = update.old[update.cursor];
  const before = old?.path === entry.path ? old : undefined;
  if (before !== undefined) update.cursor += 1;
  update.next.push(entry);
  const isSame = before !== undefined && isUnchanged(update, before, entry);
  const file = isSame ? undefined : place(update, target, { entry, before });
  if (isSame) share(update, target, entry);
  update.isSound = true;
  return file;
}

function isUnchanged({ changed }: Update, ...[before, entry]: [ContextEntry, ContextEntry]): boolean {
  return isSameEntry(before, entry) && !(entry.kind === 'file' && entry.target !== '' && changed.has(entry.target));
}

/** Brings what is unchanged to where changes go. */
function share({ options, touched }: Update, ...[{ contents, root, shared }, entry]: [Writable, ContextEntry]): void {
  if (shared === undefined) return;
  shareEntry({ from: shared, to: root }, entry);
  const digest = options.base.digests.get(entry.path);
  if (digest !== undefined) contents.digests.set(entry.path, digest);
  if (entry.kind === 'directory') touched.add(entry.path);
}

/** Takes away what is no longer there, up to a path or to the end. */
function dropUntil(update: Update, ...[target, path]: [Writable, string | undefined]): void {
  for (let entry = update.old[update.cursor]; entry !== undefined; entry = update.old[update.cursor]) {
    if (path !== undefined && comparePaths(entry.path, path) >= 0) return;
    update.cursor += 1;
    drop(update, target, entry);
  }
}

function dropRest(update: Update, target: Writable): void {
  update.isSound = false;
  dropUntil(update, target, undefined);
  update.isSound = true;
}

/** With all below it. */
function drop(update: Update, ...[{ contents, root, shared }, entry]: [Writable, ContextEntry]): void {
  const { path, kind } = entry;
  if (shared === undefined) {
    root.remove(path);
    contents.digests.delete(path);
    touchParent(update, path);
  }
  if (kind !== 'directory') return;
  for (let below = update.old[update.cursor]; below !== undefined && isBelow(below.path, path);) {
    if (shared === undefined) contents.digests.delete(below.path);
    update.cursor += 1;
    below = update.old[update.cursor];
  }
}

function touchParent({ touched }: Update, path: string): void {
  const slash = path.lastIndexOf('/');
  if (slash > 0) touched.add(path.slice(0, slash));
}

/** Puts something new, or something that changed, in its place. */
function place(
  update: Update,
  ...[target, { entry, before }]: [Writable, { entry: ContextEntry; before: ContextEntry | undefined }]
): IncomingFile | undefined {
  const { path, kind } = entry;
  const { root, shared } = target;
  update.changed.add(path);
  if (kind === 'directory') update.touched.add(path);
  if (kind === 'directory' && before?.kind === 'directory' && shared === undefined) {
    setEntryAttributes(root, entry);
    return undefined;
  }
  // Below a folder that became one again, everything is compared as before.
  if (before !== undefined && !(before.kind === 'directory' && kind === 'directory')) drop(update, target, before);
  touchParent(update, path);
  if (kind === 'file' && entry.target !== '') {
    update.links.push(entry);
    return undefined;
  }
  if (kind === 'file' && entry.size > 0) return expect(update, target, entry);
  makeEntry(root, entry);
  return undefined;
}

function expect(update: Update, ...[{ root, contents }, entry]: [Writable, ContextEntry]): IncomingFile {
  const index = update.next.length - 1;
  const file = createIncomingFile(root, entry, ({ digest, size, isWhole }) => {
    update.incoming.delete(file);
    contents.digests.set(entry.path, digest);
    if (!isWhole) update.next[index] = { ...entry, size, isUnsteady: true };
  });
  update.incoming.add(file);
  // What cannot be written is given up with all of the copy: on a full disk that is what makes room.
  const guard = (work: () => void): void => {
    update.isSound = false;
    work();
    update.isSound = true;
  };
  return { ...file, write: (bytes) => guard(() => file.write(bytes)), end: () => guard(() => file.end()) };
}

function finish(update: Update): void {
  const { writable, links, touched, folders, next } = update;
  if (writable === undefined) return;
  update.isSound = false;
  const { root, contents } = writable;
  for (const { path, target } of links) {
    root.link(target, path);
    const digest = contents.digests.get(target);
    if (digest !== undefined) contents.digests.set(path, digest);
  }
  for (const path of touched) {
    const entry = folders.get(path);
    if (entry !== undefined) finishFolder(root, entry);
  }
  contents.entries = next;
  update.isSound = true;
}

function abandon({ writable, links, incoming, next, old, cursor, isSound }: Update): boolean {
  for (const file of incoming) file.drop();
  if (writable === undefined || !isSound) return isSound;
  const { root, contents, shared } = writable;
  const missing = new Set(links.map(({ path }) => path));
  for (const file of incoming) {
    missing.add(file.entry.path);
    removeIfThere(root, file.entry.path);
  }
  const there = next.filter(({ path }) => !missing.has(path));
  contents.entries = shared === undefined ? [...there, ...old.slice(cursor)] : there;
  return true;
}

function removeIfThere(root: Root, path: string): void {
  try {
    root.remove(path);
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
  }
}
