import { InvalidArgumentError } from '#lib/errors.ts';
import { openRoot, type Root } from '#lib/files/open-root.ts';

/**
 * Checks the folder a process is to start in, and makes a missing one, as Docker does.
 * @throws {InvalidArgumentError} if it is no folder, or leads to /proc
 */
export function makeWorkingDirectory(rootfs: string, path: string, mounts: readonly { destination: string }[]): string {
  if (path === '' || path === '/') return '/';
  using root = openRoot(rootfs);
  refuseProc(root, path);
  // What is below a mount is made by the runtime, once it is mounted.
  if (mounts.some(({ destination }) => path === destination || path.startsWith(`${destination}/`))) return path;
  const found = root.stat(path);
  if (found === undefined) root.mkdirs(path);
  else if (!found.isDirectory())
    throw new InvalidArgumentError(`the working directory '${path}' is invalid: it is not a directory`);
  return path;
}

/** Checks the same without making anything. */
export function checkWorkingDirectory(rootfs: string, path: string): string {
  using root = openRoot(rootfs);
  refuseProc(root, path);
  return path;
}

/** Below /proc, also by a link of the image, are the runtime's open files, which lead to the host (CVE-2024-21626). */
function refuseProc(root: Root, path: string): void {
  if (leadsTo(root, path, 'proc'))
    throw new InvalidArgumentError(`the working directory '${path}' is invalid: it is below /proc`);
}

const LINK_HOPS = 40;

/** Whether a path comes by a folder of the root, whether or not what follows is there yet. */
function leadsTo(root: Root, path: string, folder: string): boolean {
  const pending = path.split('/').toReversed();
  const names: string[] = [];
  for (let hops = 0; pending.length > 0;) {
    const part = pending.pop() ?? '';
    if (part === '' || part === '.') continue;
    if (part === '..') {
      names.pop();
      continue;
    }
    const here = [...names, part].join('/');
    if (here === folder) return true;
    if (root.lstat(here)?.isSymbolicLink() !== true) {
      names.push(part);
      continue;
    }
    if (++hops > LINK_HOPS) throw new InvalidArgumentError(`${path}: too many symbolic links`);
    const target = root.readlink(here);
    if (target.startsWith('/')) names.length = 0;
    pending.push(...target.split('/').toReversed());
  }
  return false;
}
