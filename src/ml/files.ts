/** A project's folder as `ml` sees it: names and sizes at once, text on demand. Paths are relative, with `/`. */
export interface FileTree {
  readonly files: readonly TreeFile[];
  /** Text of a file, BOM and UTF-16 undone; undefined if there is none of that name or it is too large to be source. */
  read(path: string): Promise<string | undefined>;
  /** At most `length` bytes of any file from `start` on, fewer at its end; undefined if there is none of that name. For models, which are looked into and never read whole. */
  bytes(path: string, start: number, length: number): Promise<Uint8Array | undefined>;
  /** False if the folder held more than was looked at. */
  readonly complete: boolean;
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
