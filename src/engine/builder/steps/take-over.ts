import { copyFileSync, linkSync } from 'node:fs';
import { type Attributes, attributesOf, setAttributes, setMtime } from '#engine/snapshots/tree/attributes.ts';
import { fileError, isErrno } from '#lib/files/file-error.ts';
import { openRoot } from '#lib/files/open-root.ts';
import type { SourceTree } from '../sources/source-tree.ts';

/** A file of the context that becomes a layer's: its bytes are not written a second time. */
export interface Takeover {
  from: SourceTree;
  path: string;
  /** Place in the layer; an empty file is there. */
  target: string;
  attributes: Attributes;
}

/** Puts the files in place in the folder of a layer that is not mounted. */
export function takeOver(upper: string, files: readonly Takeover[]): void {
  using root = openRoot(upper, { links: 'refuse' });
  for (const { from, path, target, attributes } of files) {
    const folder = target.slice(0, Math.max(0, target.lastIndexOf('/')));
    const { mtimeNs } = attributesOf(root.locate(`${folder}/.`));
    root.remove(target);
    const place = root.locate(target);
    const source = from.root.locate(path);
    try {
      linkSync(source.path, place.path);
    } catch (error) {
      if (!isErrno(error, 'EXDEV', 'EMLINK')) throw fileError(error, target);
      copyFileSync(source.path, place.path);
    }
    setAttributes(root.locate(target), attributes);
    if (mtimeNs !== undefined) setMtime(root.locate(`${folder}/.`), mtimeNs);
  }
}
