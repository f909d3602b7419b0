import { openRoot } from '#lib/files/open-root.ts';

/**
 * When the newest file of a tree was changed, seconds since epoch; undefined if it has none. Folders do not count: those that an archive
 * does not name are of the time at which it was unpacked.
 */
export function newestTime(folder: string): number | undefined {
  using root = openRoot(folder, { links: 'refuse' });
  let newest: number | undefined;
  const visit = (path: string): void => {
    for (const name of root.readdir(path)) {
      const inside = path === '' ? name : `${path}/${name}`;
      const stats = root.lstat(inside);
      if (stats === undefined) continue;
      if (stats.isDirectory()) visit(inside);
      else newest = Math.max(newest ?? 0, Math.floor(stats.mtimeMs / 1000));
    }
  };
  visit('');
  return newest;
}
