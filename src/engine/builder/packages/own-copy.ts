import { constants, copyFileSync, lstatSync, readlinkSync, symlinkSync } from 'node:fs';
import { attributesOf, setAttributes } from '#engine/snapshots/tree/attributes.ts';
import type { Root } from '#lib/files/open-root.ts';

/** Gives a path a file of its own, where another layer has the same one: that layer never changes. */
export function ownCopy(root: Root, path: string): void {
  const place = root.locate(path);
  const stats = lstatSync(place.path, { bigint: true });
  if (stats.nlink === 1n || stats.isDirectory()) return;
  const attributes = attributesOf(place, stats);
  const beside = `${path}.berth-copy`;
  const copy = root.locate(beside).path;
  const original = root.locate(path).path;
  if (stats.isSymbolicLink()) symlinkSync(readlinkSync(original, { encoding: 'buffer' }), copy);
  else copyFileSync(original, copy, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
  setAttributes(root.locate(beside), attributes, { isLink: stats.isSymbolicLink() });
  root.rename(beside, path);
}
