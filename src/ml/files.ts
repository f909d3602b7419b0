import type { PythonModule } from './python/module.ts';

/** A project's folder as `ml` sees it: names and sizes at once, text on demand. Paths are relative, with `/`. */
export interface FileTree {
  readonly files: readonly TreeFile[];
  /** Text of a file, BOM and UTF-16 undone; undefined if there is none of that name or it is too large to be source. */
  read(path: string): Promise<string | undefined>;
  /** At most `length` bytes of any file from `start` on, fewer at its end; undefined if there is none of that name. For models, which are looked into and never read whole. */
  bytes(path: string, start: number, length: number): Promise<Uint8Array | undefined>;
  /** False if the folder held more than was looked at. */
  readonly complete: boolean;
  /** Folders of very many files, of which only a few are in `files`. */
  readonly passedOver?: readonly { folder: string; files: number }[] | undefined;
  /** What was read of files the last time, as long as they have not changed. */
  readonly memory?: ModuleMemory | undefined;
}

/** Keeps what was read of Python files from one time to the next. */
export interface ModuleMemory {
  recall(path: string): PythonModule | undefined;
  keep(path: string, module: PythonModule): void;
  /** Writes down what is new. */
  save(): void;
}

export interface TreeFile {
  readonly path: string;
  readonly bytes: number;
}

/** A tree of texts and bytes, for callers that hold a project in memory. */
export function treeOf(contents: Readonly<Record<string, string | Uint8Array>>): FileTree {
  const bytesOf = (path: string): Uint8Array | undefined => {
    const content = Object.hasOwn(contents, path) ? contents[path] : undefined;
    return typeof content === 'string' ? new TextEncoder().encode(content) : content;
  };
  return {
    files: Object.keys(contents).map((path) => ({ path, bytes: bytesOf(path)?.length ?? 0 })),
    read: async (path) => {
      const content = Object.hasOwn(contents, path) ? contents[path] : undefined;
      return content instanceof Uint8Array ? new TextDecoder().decode(content) : content;
    },
    bytes: async (path, start, length) => bytesOf(path)?.subarray(start, start + length),
    complete: true,
  };
}

const PLACES = new WeakMap<FileTree, { files: ReadonlySet<string>; folders: ReadonlySet<string> }>();

/** Names of a tree, put together once: it may hold a hundred thousand. */
function placesOf(tree: FileTree): { files: ReadonlySet<string>; folders: ReadonlySet<string> } {
  const known = PLACES.get(tree);
  if (known !== undefined) return known;
  const folders = new Set<string>();
  for (const { path } of tree.files)
    for (let folder = folderOf(path); folder !== '' && !folders.has(folder); folder = folderOf(folder))
      folders.add(folder);
  const places = { files: new Set(tree.files.map(({ path }) => path)), folders };
  PLACES.set(tree, places);
  return places;
}

export function hasFile(tree: FileTree, path: string): boolean {
  return placesOf(tree).files.has(path);
}

/** True for a folder with a file somewhere below it. */
export function hasFolder(tree: FileTree, path: string): boolean {
  return placesOf(tree).folders.has(path);
}

/** The part of a tree below a folder, as a tree of its own. */
export function subTree(tree: FileTree, folder: string): FileTree {
  if (folder === '') return tree;
  const start = `${folder}/`;
  return {
    ...tree,
    files: tree.files
      .filter(({ path }) => path.startsWith(start))
      .map((file) => ({ ...file, path: file.path.slice(start.length) })),
    read: async (path) => tree.read(start + path),
    bytes: async (path, ...part) => tree.bytes(start + path, ...part),
    memory: undefined,
  };
}

/** The folder part, empty for the top. */
export function folderOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '';
}

export function baseOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Joins and resolves `.` and `..`; undefined if the result leaves the tree or is absolute. */
export function joinPath(folder: string, name: string): string | undefined {
  if (name.startsWith('/')) return undefined;
  const parts: string[] = [];
  for (const part of `${folder}/${name}`.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) return undefined;
  }
  return parts.join('/');
}
