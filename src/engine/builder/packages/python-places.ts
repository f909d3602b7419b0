import { openRoot, type Root } from '#lib/files/open-root.ts';
import { parseInfoName } from '#ml/packages/installed.ts';

/** The pip that a step's PATH leads to, as far as the files tell. */
export interface FoundPip {
  /** As PATH has it. */
  program: string;
  version: string;
  /** Names of all distributions where it may look, in the form that indexes use. */
  installed: ReadonlySet<string>;
}

/** @param path the variable; @returns undefined if the files do not tell */
export function findPip(tree: string, path: string): FoundPip | undefined {
  using root = openRoot(tree);
  for (const folder of path.split(':').filter((entry) => entry.startsWith('/'))) {
    const program = ['pip', 'pip3'].map((name) => `${folder}/${name}`).find((name) => isThere(root, name));
    if (program === undefined) continue;
    const names = placesBelow(root, `${folder}/../lib`).flatMap((place) => namesIn(root, place));
    const version = names
      .map((name) => /^pip-(\d[^-]*)\.dist-info$/.exec(name)?.[1])
      .find((found) => found !== undefined);
    if (version === undefined) continue;
    const others = ['/usr/lib', '/usr/local/lib'].flatMap((library) => placesBelow(root, library));
    const all = [...names, ...others.flatMap((place) => namesIn(root, place))];
    const installed = new Set(all.flatMap((name) => parseInfoName(name)?.name ?? []));
    return { program, version, installed };
  }
  return undefined;
}

/** Whether a tree changes anything that Python is, or how pip is set. */
export function touchesPython(tree: string): boolean {
  using root = openRoot(tree, { links: 'refuse' });
  const settings = ['etc/pip.conf', 'etc/xdg/pip', 'root/.config/pip', 'root/.pip'];
  const places = ['usr/lib', 'usr/local/lib', 'usr/bin', 'usr/local/bin', 'opt', ...settings];
  return places.some((place) => isThere(root, place));
}

function isThere(root: Root, path: string): boolean {
  try {
    return root.stat(path) !== undefined;
  } catch {
    return false; // a folder of the path is missing, or is none
  }
}

function placesBelow(root: Root, library: string): string[] {
  const folders = namesIn(root, library).filter((name) => /^python3(\.\d+)?$/.test(name));
  return folders.flatMap((name) =>
    ['site-packages', 'dist-packages'].map((packages) => `${library}/${name}/${packages}`),
  );
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
