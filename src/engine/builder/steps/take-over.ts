import { closeSync, constants, copyFileSync, linkSync } from 'node:fs';
import { type Attributes, attributesOf, setAttributes, setMtime } from '#engine/snapshots/tree/attributes.ts';
import { fileError, isErrno } from '#lib/files/file-error.ts';
import { openRoot, type Root } from '#lib/files/open-root.ts';
import type { SourceEntry, SourceTree } from '../sources/source-tree.ts';
import { copyContent } from './copy-content.ts';

/**
 * A large file that is put in place where the layer lies: there it can share its bytes with the context, which it cannot through the mount
 * that the others are written through.
 */
export interface Takeover {
  from: SourceTree;
  entry: SourceEntry;
  attributes: Attributes;
}

/** Puts the files in place in the folder of a layer that is not mounted; an empty file is at each path. */
export async function takeOver(
  upper: string,
  files: ReadonlyMap<string, Takeover>,
  signal: AbortSignal,
): Promise<void> {
  using root = openRoot(upper, { links: 'refuse' });
  for (const [target, file] of files) {
    signal.throwIfAborted();
    if (file.from.mayTake === true) link(root, target, file);
    else await clone(root, target, { ...file, signal });
    setAttributes(root.locate(target), file.attributes);
  }
}

/** The file becomes the layer's. */
function link(root: Root, target: string, { from, entry }: Takeover): void {
  const folder = target.slice(0, Math.max(0, target.lastIndexOf('/')));
  const { mtimeNs } = attributesOf(root.locate(`${folder}/.`));
  root.remove(target);
  const place = root.locate(target);
  const source = from.root.locate(entry.path);
  try {
    linkSync(source.path, place.path);
  } catch (error) {
    if (!isErrno(error, 'EXDEV', 'EMLINK')) throw fileError(error, target);
    copyFileSync(source.path, place.path);
  }
  if (mtimeNs !== undefined) setMtime(root.locate(`${folder}/.`), mtimeNs);
}

/** The file stays where it is, and is copied. */
async function clone(
  root: Root,
  target: string,
  { from, entry, signal }: Takeover & { signal: AbortSignal },
): Promise<void> {
  const fd = root.openFile(target, constants.O_RDWR);
  try {
    await copyContent(from, entry, { fd, signal });
  } catch (error) {
    throw fileError(error, `/${target}`);
  } finally {
    closeSync(fd);
  }
}
