/** A project's folder as `ml` sees it: names and sizes at once, text on demand. Paths are relative, with `/`. */
export interface FileTree {
  readonly files: readonly TreeFile[];
  /** Text of a file, BOM and UTF-16 undone; undefined if there is none of that name or it is too large to be source. */
  read(path: string): Promise<string | undefined>;
  /** False if the folder held more than was looked at. */
  readonly complete: boolean;
}

export interface TreeFile {
  readonly path: string;
  readonly bytes: number;
}

/** A tree of texts, for callers that hold a project in memory. */
export function treeOf(texts: Readonly<Record<string, string>>): FileTree {
  return {
    files: Object.entries(texts).map(([path, text]) => ({ path, bytes: text.length })),
    read: async (path) => (Object.hasOwn(texts, path) ? texts[path] : undefined),
    complete: true,
  };
}

export function hasFile(tree: FileTree, path: string): boolean {
  return tree.files.some((file) => file.path === path);
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
