import { openRoot, type Root } from '#lib/files/open-root.ts';

/** The version of the pip that a step's PATH leads to, as far as the files tell; undefined if they do not. */
export function findPipVersion(tree: string, path: string): string | undefined {
  using root = openRoot(tree);
  for (const folder of path.split(':').filter((entry) => entry.startsWith('/'))) {
    if (!isThere(root, `${folder}/pip`) && !isThere(root, `${folder}/pip3`)) continue;
    const found = versionBelow(root, `${folder}/../lib`);
    if (found !== undefined) return found;
  }
  return undefined;
}

function isThere(root: Root, path: string): boolean {
  try {
    return root.stat(path) !== undefined;
  } catch {
    return false; // a folder of the path is missing, or is none
  }
}

function versionBelow(root: Root, library: string): string | undefined {
  const folders = namesIn(root, library).filter((name) => /^python3(\.\d+)?$/.test(name));
  const places = folders.flatMap((name) =>
    ['site-packages', 'dist-packages'].map((packages) => `${library}/${name}/${packages}`),
  );
  return places
    .flatMap((place) => namesIn(root, place))
    .map((name) => /^pip-(\d[^-]*)\.dist-info$/.exec(name)?.[1])
    .find((version) => version !== undefined);
}

function namesIn(root: Root, path: string): string[] {
  try {
    return root.readdir(path);
  } catch {
    return [];
  }
}

/**
 * From 23.3 on pip keeps what it fetches as files; before, it held all of a wheel in memory to do so, and who switched its cache off may have
 * done it for that.
 */
export function keepsFiles(version: string | undefined): boolean {
  const [major = 0, minor = 0] = (version ?? '').split('.').map(Number);
  return major > 23 || (major === 23 && minor >= 3);
}
