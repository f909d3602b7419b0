import { constants, copyFileSync, mkdirSync } from 'node:fs';
import { InvalidArgumentError } from '#lib/errors.ts';
import { fileError } from '#lib/files/file-error.ts';
import { type Located, openRoot, type Root } from '#lib/files/open-root.ts';
import { cleanName } from '#lib/tar/clean-name.ts';
import type { TarHeader } from '#lib/tar/header.ts';
import { createTarParser, type TarSink } from '#lib/tar/parser.ts';
import { makeWhiteout } from '#linux/mknod.ts';
import { setXattr } from '#linux/xattr.ts';
import type { Found, Stack } from './stack.ts';
import { attributesOf, setAttributes } from './tree/attributes.ts';
import { createExtractor, type Extractor } from './tree/extractor.ts';
import { feedParser } from './tree/feed-parser.ts';
import { ffiPath } from './tree/ffi-path.ts';

const WHITEOUT = '.wh.';
const OPAQUE = '.wh..wh..opq';

/**
 * Writes a layer tar into an empty folder in the form overlayfs takes (OCI image-spec, layer.md#applying).
 * @param below the layers under it; undefined for the lowest, where there is nothing to hide
 * @returns bytes of its files
 */
export async function unpackLayer(
  { folder, below }: { folder: string; below: Stack | undefined },
  tar: AsyncIterable<Uint8Array>,
  { signal }: { signal?: AbortSignal | undefined } = {},
): Promise<number> {
  using root = openRoot(folder);
  // The callbacks run once entries come, when the extractor exists.
  const makeParent = (parent: Located): void => copyFolder(parent, { below, extractor });
  const fetchLinkTarget = (path: string): boolean => copyUp(root, path, { below, makeParent });
  using extractor = createExtractor(root, { makeParent, fetchLinkTarget });
  copyRoot(root, below);
  const whiteouts = createWhiteouts();
  const parser = createTarParser(layerSink(extractor, whiteouts));
  await feedParser(parser, tar, signal);
  if (below !== undefined) applyWhiteouts({ root, below, makeParent }, whiteouts);
  extractor.finish();
  return extractor.bytes;
}

/** Gives the root of a fresh tree the attributes of the one below it: overlayfs shows those of the uppermost. */
export function copyRoot(root: Root, below: Stack | undefined): void {
  const found = below?.find('');
  if (found !== undefined) setAttributes(root.locate(''), attributesOf(found.place, found.stats));
}

interface Whiteouts {
  /** Paths hidden. */
  paths: Set<string>;
  /** Folders whose lower content is hidden. */
  opaque: Set<string>;
}

function createWhiteouts(): Whiteouts {
  return { paths: new Set(), opaque: new Set() };
}

/** Whiteouts are kept for the end: they hide what is below, never a sibling of the same layer, whatever their order. */
function layerSink(extractor: Extractor, whiteouts: Whiteouts): TarSink {
  let isSkipped = false;
  return {
    entry(header) {
      isSkipped = noteWhiteout(header, whiteouts);
      if (!isSkipped) extractor.entry(header);
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
  const path = cleanName(header.name);
  if (header.kind === 'character' && header.major === 0 && header.minor === 0)
    throw new InvalidArgumentError(`${path}: a device 0:0 is not allowed in a layer`, {
      why: 'overlayfs would take it for a deletion',
    });
  const parts = path.split('/');
  const name = parts.pop() ?? '';
  const folder = parts.join('/');
  if (parts.some((part) => part.startsWith('.wh..wh.'))) return true; // aufs' own folders
  if (parts.some((part) => part.startsWith(WHITEOUT)))
    throw new InvalidArgumentError(`${path}: a whiteout has nothing below it`);
  if (!name.startsWith(WHITEOUT)) return false;
  const hidden = name.slice(WHITEOUT.length);
  if (name === OPAQUE) whiteouts.opaque.add(folder);
  else if (hidden === '' || hidden === '.' || hidden === '..')
    throw new InvalidArgumentError(`${path}: is not a valid whiteout`);
  else if (!hidden.startsWith(WHITEOUT)) whiteouts.paths.add(folder === '' ? hidden : `${folder}/${hidden}`);
  return true;
}

interface Applying {
  root: Root;
  below: Stack;
  makeParent: (parent: Located) => void;
}

function applyWhiteouts({ root, below, makeParent }: Applying, { paths, opaque }: Whiteouts): void {
  const hide = (path: string): void => {
    const place = root.locate(path, { makeParent });
    const stats = root.lstat(path);
    if (stats === undefined) makeWhiteout(ffiPath(place));
    else if (stats.isDirectory()) markOpaque(place);
  };
  for (const path of paths) hide(path);
  for (const path of opaque) {
    const { canonical } = root.locate(`${path}/.`, { makeParent });
    // The root of a mount cannot be opaque, so its names are hidden one by one.
    if (canonical === '') for (const name of below.names('')) hide(name);
    else markOpaque(root.locate(`${canonical}/.`));
  }
}

function markOpaque(place: Located): void {
  setXattr(ffiPath(place), 'trusted.overlay.opaque', Buffer.from('y'));
}

/** A folder that the layer does not name looks as it does below; if it is new, it is 0755 root. */
function copyFolder(place: Located, { below, extractor }: { below: Stack | undefined; extractor: Extractor }): void {
  mkdirSync(place.path, 0o755);
  copyFolderAttributes(place, { found: below?.find(place.canonical), extractor });
}

function copyFolderAttributes(
  place: Located,
  { found, extractor }: { found: Found | undefined; extractor: Extractor },
): void {
  if (found?.stats.isDirectory() !== true) return;
  const { mtimeNs, ...attributes } = attributesOf(found.place, found.stats);
  setAttributes(place, attributes);
  if (mtimeNs !== undefined) extractor.setTimeLater(place.canonical, mtimeNs);
}

/** Brings a file of the layers below into this one, so that it can be linked to. */
function copyUp(
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
