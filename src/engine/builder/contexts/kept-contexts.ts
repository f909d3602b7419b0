import type { Log } from '#lib/log.ts';
import type { ContextEntry } from './context-entry.ts';
import { type CopyStore, isBusy, type KeptLimits, openCopyStore } from './copy-store.ts';
import { listCopy } from './list-copy.ts';
import type { TreeListing } from '../sources/source-tree.ts';
import type { IncomingFile } from './incoming-file.ts';
import { type Contents, type ContextName, EMPTY_COPY, type KeptCopy } from './kept-copy.ts';
import { createCopyUpdate, type Writable } from './update-copy.ts';
import { openRoot, type Root } from '#lib/files/open-root.ts';

/** Contexts that clients sent, kept so that the next build of one is sent only what changed. */
export interface KeptContexts {
  /**
   * Begins to bring a context up to date.
   * @param part names what is asked of it
   */
  update(source: ContextName, part: string): Promise<ContextUpdate>;
  list(): Promise<KeptContext[]>;
  /** Takes away what nobody looks at. @returns bytes that came back */
  remove(id: string): Promise<number>;
  /** Takes away what an owner sent who does not come again, once nobody looks at it. */
  forget(owner: string): Promise<void>;
  /** Writes down what is still to be written. */
  close(): Promise<void>;
}

export interface KeptContext {
  id: string;
  name: string;
  bytes: number;
  /** Milliseconds since epoch. */
  created: number;
  used: number;
  uses: number;
  isInUse: boolean;
}

/** One way from the first entry to the end. To be disposed; if it did not finish, nobody sees what came. */
export interface ContextUpdate extends Disposable {
  /** The next entry in order. @returns the file that takes its bytes, if they are needed. @throws {InvalidArgumentError} */
  put(entry: ContextEntry): IncomingFile | undefined | Promise<IncomingFile | undefined>;
  /** All entries are told. */
  endEntries(): Promise<void> | undefined;
  /** All bytes are there. @returns the context; it does not change until disposed */
  finish(): OpenCopy;
}

export interface OpenCopy extends Disposable {
  /** Its folder. Nothing in it may be changed, and no file of it may become another's. */
  readonly path: string;
  /** Hexadecimal sha256 of its files by path; what a reader adds is kept. */
  readonly digests: Map<string, string>;
  readonly listing: TreeListing;
}

/** Opens what an earlier engine kept, when it is first asked for. What it was changing when it died is gone. */
export function openKeptContexts(
  folder: string,
  { log, limits = {} }: { log: Log; limits?: Partial<KeptLimits> },
): KeptContexts {
  let opened: Promise<CopyStore> | undefined;
  const open = (): Promise<CopyStore> => (opened ??= openCopyStore(folder, { log, limits }));
  return {
    update: async (source, part) => startUpdate(await open(), source, part),
    async list() {
      const { copies } = await open();
      return [...copies.values()].map((copy) => {
        const { id, bytes, created, used, uses, source } = copy;
        return { id, name: source?.name ?? '', bytes, created, used, uses, isInUse: isBusy(copy) };
      });
    },
    remove: async (id) => (await open()).remove(id),
    forget: async (owner) => (await opened)?.forget(owner),
    async close() {
      await (await opened)?.close();
    },
  };
}

async function startUpdate(store: CopyStore, ...[source, part]: [ContextName, string]): Promise<ContextUpdate> {
  const { base, known } = await chooseBase(store, source, part);
  const isSamePart = base.part === part;
  const roots: Root[] = [];
  const release = (): void => {
    for (const root of roots) root[Symbol.dispose]();
    base.users -= 1;
  };
  const open = (copy: KeptCopy): Root => {
    const root = openRoot(store.treeOf(copy), { links: 'refuse' });
    roots.push(root);
    return root;
  };
  let target = base;
  const makeWritable = async (): Promise<Writable> => {
    if (isSamePart && base.users === 1) {
      await store.beginChange(base);
      return { contents: known, root: open(base) };
    }
    const contents: Contents = { entries: [], digests: new Map() };
    target = await store.create(source, contents);
    return { contents, root: open(target), ...(base.id !== '' && { shared: open(base) }) };
  };
  const update = createCopyUpdate({ base: known, isSamePart, makeWritable, limits: store.limits });
  let isDone = false;
  return {
    put: (entry) => update.put(entry),
    endEntries: () => update.endEntries(),
    finish() {
      update.finish();
      isDone = true;
      release();
      const opened = look(store, target);
      if (target.isChanging) store.endChange(target, part);
      return opened;
    },
    [Symbol.dispose]() {
      if (isDone) return;
      const isSound = update.abandon();
      release();
      if (!target.isChanging) return;
      if (isSound) store.endChange(target, undefined);
      else store.discard(target);
    },
  };
}

/** With a user more. */
async function chooseBase(
  store: CopyStore,
  ...[source, part]: [ContextName, string]
): Promise<{ base: KeptCopy; known: Contents }> {
  const base = (await store.choose(source, part)) ?? { ...EMPTY_COPY };
  base.users += 1;
  try {
    return { base, known: await store.load(base) };
  } catch {
    // What is not known any more is no use.
    base.users -= 1;
    store.discard(base);
    return chooseBase(store, source, part);
  }
}

function look(store: CopyStore, copy: KeptCopy): OpenCopy {
  const { contents } = copy;
  copy.used = Date.now();
  copy.uses += 1;
  copy.users += 1;
  let isOpen = true;
  return {
    path: store.treeOf(copy),
    digests: contents?.digests ?? new Map<string, string>(),
    listing: listCopy(contents?.entries ?? []),
    [Symbol.dispose]() {
      if (!isOpen) return;
      isOpen = false;
      copy.users -= 1;
      copy.used = Date.now();
      store.trim();
    },
  };
}
