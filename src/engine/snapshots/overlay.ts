import { closeSync, constants, openSync } from 'node:fs';
import type { Mount } from '#linux/mount.ts';
import { O_PATH } from '#lib/files/o-path.ts';

/** Folders of one tree, as the mount of a snapshot needs them. */
export interface TreeFolders {
  /** Of the snapshot itself when it is writable. */
  upper: { tree: string; work: string } | undefined;
  /** Trees below, uppermost first. */
  lower: readonly string[];
}

/** How trees are mounted over each other; holds descriptors of their roots. */
export interface Overlay extends Disposable {
  mounts(folders: TreeFolders): Mount[];
}

/** What mount(2) takes at most; a stack that is longer is mounted layer by layer, which older kernels cannot. */
const OPTIONS_LIMIT_BYTES = 4095;

/** The longest path that fsconfig(2) takes, with the name of its parameter. */
const PATH_LIMIT_BYTES = 240;

/** Layers are file systems of their own: without this their files would have other device numbers than folders have, and others once changed. */
const ONE_DEVICE = 'xino=on';

/** Options that keep what lands in the upper folder plain: whole files, no redirections, so that it can be read as a layer. */
const PLAIN = ['index=off', 'redirect_dir=off', 'metacopy=off'];

/**
 * Says how to mount trees over each other.
 * @param roots that hold the trees. Of a long stack, or with letters that mean something in options, trees are named through a descriptor of
 * their root: `lowerdir=/proc/self/fd/9/a1/fs:…` is short and free of colons.
 */
export function createOverlay(roots: readonly string[]): Overlay {
  const open = new Map<string, number>();
  const descriptor = (root: string): number => {
    const fd = open.get(root) ?? openSync(root, O_PATH | constants.O_DIRECTORY);
    open.set(root, fd);
    return fd;
  };
  const shorten = (path: string): string => {
    const root = roots.find((candidate) => path.startsWith(`${candidate}/`));
    return root === undefined ? path : `/proc/self/fd/${descriptor(root)}${path.slice(root.length)}`;
  };
  return {
    mounts({ upper, lower }) {
      if (lower.length === 0 && upper !== undefined) return [{ type: 'bind', source: upper.tree, options: ['rw'] }];
      if (upper === undefined && lower.length === 1) return [{ type: 'bind', source: lower[0] ?? '', options: ['ro'] }];
      const plain = overlayOptions({ upper, lower });
      const shortened = (): string[] =>
        overlayOptions({
          upper: upper && { tree: shorten(upper.tree), work: shorten(upper.work) },
          lower: lower.map(shorten),
        });
      return [
        {
          type: 'overlay',
          source: 'overlay',
          options: isPlain(plain, upper === undefined ? lower : [upper.work, ...lower]) ? plain : shortened(),
        },
      ];
    },
    [Symbol.dispose]() {
      for (const fd of open.values()) closeSync(fd);
      open.clear();
    },
  };
}

function isPlain(options: readonly string[], paths: readonly string[]): boolean {
  const fits = Buffer.byteLength(options.join(',')) < OPTIONS_LIMIT_BYTES;
  return fits && !paths.some((path) => /[:,\\\s]/.test(path) || Buffer.byteLength(path) > PATH_LIMIT_BYTES);
}

function overlayOptions({ upper, lower }: TreeFolders): string[] {
  const lowerdir = `lowerdir=${lower.join(':')}`;
  if (upper === undefined) return ['ro', lowerdir, ONE_DEVICE];
  return [lowerdir, `upperdir=${upper.tree}`, `workdir=${upper.work}`, ONE_DEVICE, ...PLAIN];
}
