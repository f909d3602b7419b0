import type { Ignore } from '#dockerfile/ignore.ts';
import type { Root } from '#lib/files/open-root.ts';

/** Removes what is excluded; folders of which all is excluded go as a whole. */
export function applyIgnore(root: Root, ignore: Ignore): void {
  if (ignore.isEmpty) return;
  const visit = (folder: string): void => {
    for (const name of root.readdir(folder)) {
      const path = folder === '' ? name : `${folder}/${name}`;
      const isFolder = root.lstat(path)?.isDirectory() === true;
      const excluded = ignore.excludes(path);
      if (excluded && !(isFolder && ignore.mayHoldExceptions(path))) root.remove(path);
      else if (isFolder) visit(path);
      if (excluded && isFolder && root.lstat(path) !== undefined && root.readdir(path).length === 0) root.remove(path);
    }
  };
  visit('');
}
