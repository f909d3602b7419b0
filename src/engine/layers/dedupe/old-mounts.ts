import { basename, join } from 'node:path';
import { mountsBelow } from '#linux/mounts-below.ts';
import type { LayerRecords } from '../records.ts';

/**
 * Whether files of layers are mounted that no record names any more: a layer was replaced while a container stood on it. Mounts are named
 * after the files.
 * @param root folder of the layers' files; mounts are in `mnt` below it
 */
export function hasOldMounts(root: string, records: LayerRecords): boolean {
  const mounted = mountsBelow(join(root, 'mnt')).map((path) => basename(path));
  if (mounted.length === 0) return false;
  const files = records.list().map(({ file }) => file);
  return mounted.some((name) => !files.some((file) => name.startsWith(file)));
}
