import { constants, copyFileSync } from 'node:fs';
import { fileError } from '#lib/files/file-error.ts';
import type { Located, Root } from '#lib/files/open-root.ts';
import type { Stack } from './stack.ts';
import { attributesOf, setAttributes } from './tree/attributes.ts';

/**
 * Brings a file of the layers below into a tree, so that it can be linked to.
 * @returns whether there is one; folders and special files are none
 */
export function copyFile(
  root: Root,
  path: string,
  { below, makeParent }: { below: Stack | undefined; makeParent: (parent: Located) => void },
): boolean {
  const found = below?.find(path);
  if (found === undefined) return false;
  const attributes = attributesOf(found.place, found.stats);
  if (found.stats.isSymbolicLink()) {
    const target = found.layer.readlink(found.path);
    root.locate(path, { makeParent });
    root.symlink(target, path);
    setAttributes(root.locate(path), attributes, { isLink: true });
    return true;
  }
  if (!found.stats.isFile()) return false;
  const place = root.locate(path, { makeParent });
  try {
    copyFileSync(found.place.path, place.path, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  } catch (error) {
    throw fileError(error, path);
  }
  setAttributes(place, attributes);
  return true;
}
