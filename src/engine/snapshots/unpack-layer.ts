import { mkdirSync } from 'node:fs';
import { type Located, openRoot, type Root } from '#lib/files/open-root.ts';
import { cleanName } from '#lib/tar/clean-name.ts';
import type { TarHeader } from '#lib/tar/header.ts';
import { layerMark, OPAQUE_MARK, WHITEOUTS_MARK } from '#lib/tar/layer-mark.ts';
import { createTarParser, type TarSink } from '#lib/tar/parser.ts';
import { makeWhiteout } from '#linux/mknod.ts';
import { setXattr } from '#linux/xattr.ts';
import { copyFile } from './copy-up.ts';
import type { Stack } from './stack.ts';
import { attributesOf, type LateAttributes, PLAIN_FOLDER, setAttributes, splitAttributes } from './tree/attributes.ts';
import { createExtractor, type Extractor } from './tree/extractor.ts';
import { feedParser } from './tree/feed-parser.ts';
import { ffiPath } from './tree/ffi-path.ts';
import { isWhiteout } from './tree/pack-tree.ts';

/**
 * Writes a layer tar into an empty folder in the form overlayfs takes (OCI image-spec, layer.md#applying).
 * @param below the layers under it; undefined for the lowest, where there is nothing to hide
 */
export async function unpackLayer(
  { folder, below }: { folder: string; below: Stack | undefined },
  tar: AsyncIterable<Uint8Array>,
  { signal }: { signal?: AbortSignal | undefined } = {},
): Promise<void> {
  using root = openRoot(folder);
  // The callbacks run once entries come, when the extractor exists.
  const makeParent = (parent: Located): void => copyFolder(parent, { below, extractor });
  const fetchLinkTarget = (path: string): boolean => copyFile(root, path, { below, makeParent });
  using extractor = createExtractor(root, { makeParent, fetchLinkTarget });
  extractor.setLater('', copyRoot(root, below));
  const whiteouts: Whiteouts = { paths: new Set(), opaque: new Set() };
  const parser = createTarParser(layerSink(extractor, whiteouts));
  await feedParser(parser, tar, signal);
  extractor.settleLinks();
  applyWhiteouts({ root, below, makeParent }, whiteouts);
  extractor.finish();
}

/**
 * Gives the root of a fresh tree the attributes of the one below it: overlayfs shows those of the uppermost.
 * @returns what it gets again once it is filled
 */
export function copyRoot(root: Root, below: Stack | undefined): LateAttributes {
  const found = below?.find('');
  const attributes = found === undefined ? PLAIN_FOLDER : attributesOf(found.place, found.stats);
  setAttributes(root.locate(''), attributes);
  return splitAttributes(attributes).late;
}

interface Whiteouts {
  /** Paths hidden. */
  paths: Set<string>;
  /** Folders whose lower content is hidden. */
  opaque: Set<string>;
}

/** Whiteouts are kept for the end: they hide what is below, never a sibling of the same layer, whatever their order. */
function layerSink(extractor: Extractor, whiteouts: Whiteouts): TarSink {
  let isSkipped = false;
  return {
    entry(header, contentAt) {
      isSkipped = noteWhiteout(header, whiteouts);
      if (!isSkipped) extractor.entry(header, contentAt);
    },
    data(chunk, offset) {
      if (!isSkipped) extractor.data(chunk, offset);
    },
    end() {
      if (!isSkipped) extractor.end();
    },
  };
}

/** @returns whether the entry is a whiteout or another mark, and no file of the tree */
function noteWhiteout(header: TarHeader, whiteouts: Whiteouts): boolean {
  const mark = layerMark(cleanName(header.name), header);
  if (mark?.kind === 'whiteout') whiteouts.paths.add(mark.path);
  else if (mark?.kind === 'opaque') whiteouts.opaque.add(mark.path);
  return mark !== undefined;
}

interface Applying {
  root: Root;
  below: Stack | undefined;
  makeParent: (parent: Located) => void;
}

function applyWhiteouts({ root, below, makeParent }: Applying, { paths, opaque }: Whiteouts): void {
  const hide = (path: string): void => {
    const place = root.locate(path, { makeParent });
    const stats = root.lstat(path);
    if (stats?.isDirectory() === true) putMark(place, OPAQUE_MARK);
    if (stats !== undefined) return;
    makeWhiteout(ffiPath(place));
    putMark(root.locate(`${folderOf(path)}/.`), WHITEOUTS_MARK);
  };
  // In the order of paths, so that what is hidden with its folder makes no folder again.
  for (const path of [...paths].toSorted()) if (!isHidden(root, folderOf(path))) hide(path);
  for (const path of [...opaque].toSorted()) {
    if (isHidden(root, path)) continue;
    const { canonical } = root.locate(`${path}/.`, { makeParent });
    // The root of a mount cannot be opaque, so its names are hidden one by one.
    if (canonical === '') for (const name of below?.names('') ?? []) hide(name);
    else putMark(root.locate(`${canonical}/.`), OPAQUE_MARK);
  }
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

/** Whether the layer hides a path, or a folder that it is in. */
function isHidden(root: Root, path: string): boolean {
  const parts = path.split('/');
  return parts.some((_, index) => {
    const stats = root.lstat(parts.slice(0, index + 1).join('/'));
    return stats !== undefined && isWhiteout(stats);
  });
}

function putMark(place: Located, { name, value }: { name: string; value: string }): void {
  setXattr(ffiPath(place), name, Buffer.from(value));
}

/** A folder that the layer does not name looks as it does below; if it is new, it is 0755 of root and of the time 0. */
function copyFolder(place: Located, { below, extractor }: { below: Stack | undefined; extractor: Extractor }): void {
  mkdirSync(place.path, 0o755);
  const found = below?.find(place.canonical);
  const isThere = found?.stats.isDirectory() === true;
  const { now, late } = splitAttributes(isThere ? attributesOf(found.place, found.stats) : PLAIN_FOLDER);
  setAttributes(place, now);
  extractor.setLater(place.canonical, late);
}
