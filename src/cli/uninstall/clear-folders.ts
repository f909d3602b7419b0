import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { ConflictError } from '#lib/errors.ts';
import { removeTree } from '#lib/files/remove-tree.ts';
import { run } from '#lib/run.ts';
import { parseMountinfo } from '#linux/proc.ts';
import type { Places } from './places.ts';

/** Unmounts what lies below the engine's folders and removes them. @returns what went, for people @throws {ConflictError} */
export async function clearFolders({ dataRoot, execRoot }: Places): Promise<string[]> {
  const folders = [execRoot, dataRoot];
  const mounts = await mountsBelow(folders);
  for (const path of mounts.toReversed()) await run(['umount', '--lazy', path], { allowFailure: true });
  const left = await mountsBelow(folders);
  // Removing through a mount would remove what is mounted there: a folder of the person, perhaps.
  if (left.length > 0)
    throw new ConflictError(`${left[0]} is still mounted`, {
      why: 'a program uses it',
      hint: 'end that program and try again; nothing was removed',
    });
  const present = folders.filter((folder) => existsSync(folder));
  for (const folder of present) await removeTree(folder);
  return [...(mounts.length > 0 ? [`${mounts.length} mounts`] : []), ...present];
}

async function mountsBelow(folders: readonly string[]): Promise<string[]> {
  return parseMountinfo(await readFile('/proc/self/mountinfo', 'utf8'))
    .map(({ mountPoint }) => mountPoint)
    .filter((path) => folders.some((folder) => path === folder || path.startsWith(`${folder}/`)));
}
