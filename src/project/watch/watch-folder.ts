import { type FSWatcher, type Stats, watch } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { UnavailableError } from '#lib/errors.ts';

/** Paths that changed together, relative to the folder. */
export interface Changes {
  /** Files that are new or different. */
  changed: readonly string[];
  /** What is no longer there. */
  gone: readonly string[];
  /** When the first of them was seen, by `performance.now()`. */
  since: number;
}

export interface WatchOptions {
  /** What is of no interest; folders of which this is true are not looked into. */
  excludes: (path: string) => boolean;
  signal: AbortSignal;
}

/** Nothing came for so long: a person who saves, and a tool that writes several files, are done by then. */
const QUIET_MS = 15;
const LONGEST_MS = 150;
const MAX_FOLDERS = 5000;
const NEVER = new Set(['.git', '.hg', '.svn', '__pycache__', 'node_modules', '.venv', '.ipynb_checkpoints']);

/**
 * Tells what changes in a folder until `signal` aborts. Links are not followed.
 * @throws {UnavailableError} if the system lets nobody watch so many folders
 */
export async function* watchFolder(root: string, options: WatchOptions): AsyncGenerator<Changes> {
  const touched = new Set<string>();
  const state = { wake: () => {}, error: undefined as Error | undefined, since: 0 };
  const folders = createWatchers(root, options, {
    touch: (path) => {
      if (touched.size === 0) state.since = performance.now();
      touched.add(path);
      state.wake();
    },
    fail: (error) => {
      state.error = error;
      state.wake();
    },
  });
  const stamps = new Map<string, string>();
  using _ = folders;
  for (const path of await folders.add('')) stamps.set(path, await stampOf(root, path));
  const stop = Promise.withResolvers<void>();
  options.signal.addEventListener('abort', () => stop.resolve(), { once: true });
  while (!options.signal.aborted) {
    if (touched.size === 0 && state.error === undefined) {
      const woken = new Promise<void>((resolve) => (state.wake = resolve));
      if (touched.size === 0) await Promise.race([woken, stop.promise]);
    }
    if (state.error !== undefined) throw state.error;
    if (options.signal.aborted) return;
    await untilQuiet(touched);
    const { since } = state;
    const paths = [...touched];
    touched.clear();
    const changes = await settle({ root, stamps, folders, options }, paths);
    if (changes.changed.length + changes.gone.length > 0) yield { ...changes, since };
  }
}

async function untilQuiet(touched: ReadonlySet<string>): Promise<void> {
  const end = performance.now() + LONGEST_MS;
  let before = -1;
  while (touched.size !== before && performance.now() < end) {
    before = touched.size;
    await sleep(QUIET_MS);
  }
}

interface Settling {
  root: string;
  /** Size and time of each file, as they were told last. */
  stamps: Map<string, string>;
  folders: Watchers;
  options: WatchOptions;
}

async function settle(
  { root, stamps, folders, options }: Settling,
  paths: readonly string[],
): Promise<Omit<Changes, 'since'>> {
  const changed = new Set<string>();
  const gone = new Set<string>();
  const compare = async (path: string): Promise<void> => {
    const stamp = await stampOf(root, path);
    if (stamp === stamps.get(path)) return;
    stamps.set(path, stamp);
    changed.add(path);
  };
  for (const path of paths) {
    if (isLeftOut(path, options)) continue;
    const facts = await lstat(join(root, path)).catch(() => undefined);
    if (facts?.isDirectory() === true) for (const inside of await folders.add(path)) await compare(inside);
    else if (facts !== undefined) await compare(path);
    else {
      folders.remove(path);
      const below = [...stamps.keys()].filter((known) => known === path || known.startsWith(`${path}/`));
      for (const known of below) stamps.delete(known);
      if (below.length > 0) gone.add(path);
    }
  }
  return { changed: [...changed].toSorted(), gone: [...gone].toSorted() };
}

async function stampOf(root: string, path: string): Promise<string> {
  const facts = await lstat(join(root, path)).catch((): Stats | undefined => undefined);
  return facts === undefined ? '' : `${facts.size} ${facts.mtimeMs} ${facts.mode}`;
}

function isLeftOut(path: string, { excludes }: WatchOptions): boolean {
  return path.split('/').some((part) => NEVER.has(part)) || excludes(path);
}

interface Watchers extends Disposable {
  /** Watches a folder and those below it. @returns the files in them */
  add(folder: string): Promise<string[]>;
  remove(folder: string): void;
}

function createWatchers(
  root: string,
  options: WatchOptions,
  tell: { touch: (path: string) => void; fail: (error: Error) => void },
): Watchers {
  const open = new Map<string, FSWatcher>();
  const start = (folder: string): void => {
    if (open.has(folder) || open.size >= MAX_FOLDERS) return;
    try {
      const watcher = watch(join(root, folder), { persistent: true }, (_, name) => {
        if (name !== null) tell.touch(folder === '' ? name : `${folder}/${name}`);
      });
      watcher.on('error', (error) => tell.fail(cannotWatch(error)));
      open.set(folder, watcher);
    } catch (error) {
      if ((error as { code?: string }).code !== 'ENOENT') throw cannotWatch(error as Error);
    }
  };
  const add = async (folder: string): Promise<string[]> => {
    start(folder);
    const files: string[] = [];
    const entries = await readdir(join(root, folder), { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (isLeftOut(path, options)) continue;
      if (entry.isDirectory()) files.push(...(await add(path)));
      else if (entry.isFile() || entry.isSymbolicLink()) files.push(path);
    }
    return files;
  };
  return {
    add,
    remove(folder) {
      for (const [path, watcher] of open)
        if (path === folder || path.startsWith(`${folder}/`)) {
          watcher.close();
          open.delete(path);
        }
    },
    [Symbol.dispose]() {
      for (const watcher of open.values()) watcher.close();
      open.clear();
    },
  };
}

function cannotWatch(error: Error): UnavailableError {
  return new UnavailableError('the folder cannot be watched', {
    why: error.message,
    hint: 'allow more with sysctl fs.inotify.max_user_watches=1048576, or name large folders in .dockerignore',
    cause: error,
  });
}
