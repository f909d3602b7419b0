import { closeSync, constants, lstatSync, readSync, writeSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { setMtime } from '#engine/snapshots/tree/attributes.ts';
import { openRegular } from '#lib/files/open-regular.ts';
import type { Root } from '#lib/files/open-root.ts';
import type { ChangedNode } from './changed-tree.ts';
import { ownCopy } from './own-copy.ts';

/**
 * The time of all that lies in a layer of its own: 1980-01-01, the first that a zip archive can tell, so that what packs such files again
 * works. Seconds since epoch.
 */
export const SETTLED_TIME = 315_532_800;

const BATCH = 500;
const HEADER_BYTES = 16;
const NANOSECONDS = 1_000_000_000n;

/** Sets the time of all below a folder. */
export async function settleTimes(root: Root): Promise<void> {
  const time = BigInt(SETTLED_TIME) * NANOSECONDS;
  let count = 0;
  const visit = async (folder: string): Promise<void> => {
    for (const name of root.readdir(folder)) {
      const path = folder === '' ? name : `${folder}/${name}`;
      count += 1;
      if (count % BATCH === 0) await nextTurn();
      const place = root.locate(path);
      const stats = lstatSync(place.path);
      if (stats.isDirectory()) {
        await visit(path);
        setMtime(root.locate(`${path}/.`), time);
      } else if (stats.mtimeMs !== SETTLED_TIME * 1000) {
        ownCopy(root, path);
        setMtime(root.locate(path), time);
      }
    }
  };
  await visit('');
}

/**
 * Lets compiled Python files stand for sources whose times are settled: they hold the time of their source, and one with another time is compiled
 * again at each import (PEP 552). Files that name the source by its hash, or by no time of its own, stay as they are, and so does what was
 * stale before.
 *
 * Why not leave them out: each start of a container would compile them anew. Why not name sources by hash: Python would read and hash each
 * source at each import, or never see that one was edited.
 * @param isSettled whether the time of a source will be settled
 */
export async function settleBytecode(
  root: Root,
  changes: readonly ChangedNode[],
  isSettled: (path: string) => boolean,
): Promise<void> {
  let count = 0;
  const visit = async (folder: string, nodes: readonly ChangedNode[]): Promise<void> => {
    const compiled = nodes.find(({ name, kind }) => name === '__pycache__' && kind === 'directory');
    const sources =
      compiled === undefined ? new Map<string, ChangedNode>() : new Map(nodes.map((node) => [node.name, node]));
    for (const file of compiled?.children ?? []) {
      count += 1;
      if (count % BATCH === 0) await nextTurn();
      const source = sources.get(sourceName(file));
      if (source?.kind !== 'file' || file.links !== 1 || !isSettled(join(folder, source.name))) continue;
      settleFile(root, { path: `${join(folder, '__pycache__')}/${file.name}`, file, source });
    }
    for (const { name, kind, children } of nodes) if (kind === 'directory') await visit(join(folder, name), children);
  };
  await visit('', changes);
}

function join(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}

/** `module.cpython-311.opt-1.pyc` is made of `module.py`. */
function sourceName({ name, kind }: ChangedNode): string {
  const [, module] = (kind === 'file' ? /^(.+?)\.[a-z]+-?\d+[^/]*\.pyc$/.exec(name) : null) ?? [];
  return module === undefined ? '' : `${module}.py`;
}

function settleFile(
  root: Root,
  { path, file, source }: { path: string; file: ChangedNode; source: ChangedNode },
): void {
  const header = readHeader(root, path);
  const recorded = header?.readUInt32LE(8);
  const isByTime = header?.readUInt32LE(4) === 0;
  const isFresh =
    recorded === Number((source.mtimeNs / NANOSECONDS) & 0xffff_ffffn) &&
    header?.readUInt32LE(12) === source.size % 2 ** 32;
  if (header === undefined || !isByTime || !isFresh || recorded === SETTLED_TIME) return;
  ownCopy(root, path);
  header.writeUInt32LE(SETTLED_TIME, 8);
  const fd = root.openFile(path, constants.O_WRONLY);
  try {
    writeSync(fd, header, 8, 4, 8);
  } finally {
    closeSync(fd);
  }
  setMtime(root.locate(path), file.mtimeNs);
}

function readHeader(root: Root, path: string): Buffer | undefined {
  const file = openRegular(root, path);
  if (file === undefined) return undefined;
  try {
    const header = Buffer.alloc(HEADER_BYTES);
    return readSync(file.fd, header, 0, HEADER_BYTES, 0) < HEADER_BYTES ? undefined : header;
  } finally {
    closeSync(file.fd);
  }
}
