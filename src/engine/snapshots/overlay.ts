import { constants, openSync } from 'node:fs';
import { join } from 'node:path';
import type { Mount } from '#linux/mount.ts';
import { O_PATH } from '#lib/files/o-path.ts';

/** Folders of one tree, as the mount of a snapshot needs them. */
export interface TreeFolders {
  /** Of the snapshot itself when it is writable. */
  upper: { tree: string; work: string } | undefined;
  /** Trees below, uppermost first. */
  lower: readonly string[];
}

/** The kernel takes one page of options, with their zero at the end. */
const OPTIONS_LIMIT_BYTES = 4096 - 200;

/** Options that keep what lands in the upper folder plain: whole files, no redirections, so that it can be read as a layer. */
const PLAIN = ['index=off', 'redirect_dir=off', 'metacopy=off'];

/** Says how to mount trees over each other. Paths are relative to `root`. */
export function createOverlay(root: string): { mounts(folders: TreeFolders): Mount[] } {
  let fd: number | undefined;
  // Long or odd paths are named through a descriptor of the root: `lowerdir=/proc/self/fd/9/a1/fs:…` stays short and free of colons.
  const short = (): string => `/proc/self/fd/${(fd ??= openSync(root, O_PATH | constants.O_DIRECTORY))}`;
  return {
    mounts({ upper, lower }) {
      if (lower.length === 0 && upper !== undefined)
        return [{ type: 'bind', source: join(root, upper.tree), options: ['rw'] }];
      if (upper === undefined && lower.length === 1)
        return [{ type: 'bind', source: join(root, lower[0] ?? ''), options: ['ro'] }];
      const plain = options(root, { upper, lower });
      const fits = Buffer.byteLength(plain.join(',')) < OPTIONS_LIMIT_BYTES && !/[:,\\\s]/.test(root);
      return [{ type: 'overlay', source: 'overlay', options: fits ? plain : options(short(), { upper, lower }) }];
    },
  };
}

function options(root: string, { upper, lower }: TreeFolders): string[] {
  const lowerdir = `lowerdir=${lower.map((tree) => `${root}/${tree}`).join(':')}`;
  if (upper === undefined) return ['ro', lowerdir];
  return [lowerdir, `upperdir=${root}/${upper.tree}`, `workdir=${root}/${upper.work}`, ...PLAIN];
}
