import { createHash, type Hash } from 'node:crypto';
import { closeSync, constants, fstatSync, read, readSync } from 'node:fs';
import { promisify } from 'node:util';
import { ConflictError } from '#lib/errors.ts';
import { readXattrs } from '#engine/snapshots/tree/attributes.ts';
import type { Root } from '#lib/files/open-root.ts';
import { unlessGone } from '#lib/files/unless-gone.ts';
import { isSameStamp, isYoung } from './digest-table.ts';
import type { SourceEntry, SourceTree } from './source-tree.ts';
import { stampOf } from './walk-source.ts';

const READ = constants.O_RDONLY | constants.O_NONBLOCK;
const CHUNK_BYTES = 1024 * 1024;
/** To wait for each of thousands of small files would cost more than their bytes. */
const SMALL_BYTES = 64 * 1024;
/** So often a file is read again that changes meanwhile. */
const TRIES = 3;

const readAsync = promisify(read);

/** Content of a regular file. */
export async function* openContent(root: Root, path: string): AsyncGenerator<Buffer> {
  const fd = root.openFile(path, READ);
  try {
    yield* contentOf(fd, fstatSync(fd).size);
  } finally {
    closeSync(fd);
  }
}

async function* contentOf(fd: number, size: number): AsyncGenerator<Buffer> {
  if (size > SMALL_BYTES) yield* readLarge(fd);
  else yield readSmall(fd, size);
}

function readSmall(fd: number, size: number): Buffer {
  const buffer = Buffer.allocUnsafe(size);
  return buffer.subarray(0, readSync(fd, buffer, 0, size, 0)); // eslint-disable-line max-params -- Node's own
}

async function* readLarge(fd: number): AsyncGenerator<Buffer> {
  for (;;) {
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    const { bytesRead } = await readAsync(fd, { buffer });
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
  }
}

/**
 * Digest of a file; hexadecimal sha256. It is read only if neither this build nor an earlier one did.
 * @throws {ConflictError} if it changes all the time
 */
export async function digestFile(tree: SourceTree, entry: SourceEntry): Promise<string> {
  const digest = tree.digests.get(entry.path) ?? (await readDigest(tree, entry));
  tree.digests.set(entry.path, digest);
  if (entry.isUnread === true) readAttributes(tree, entry);
  return digest;
}

/** Reads the extended attributes that the walk left. */
export function readAttributes(tree: SourceTree, entry: SourceEntry): void {
  const xattrs = unlessGone(() => readXattrs(tree.root.locate(entry.path)));
  if (xattrs === undefined) throw changed(entry.path);
  entry.attributes = { ...entry.attributes, xattrs };
  entry.isUnread = false;
}

async function readDigest(tree: SourceTree, entry: SourceEntry): Promise<string> {
  for (let count = 0; count < TRIES; count++) {
    const fd = tree.root.openFile(entry.path, READ);
    try {
      const stats = fstatSync(fd);
      if (!stats.isFile()) throw changed(entry.path);
      const before = stampOf(stats);
      const started = Date.now();
      const digest = await hashOf(fd, before.size);
      if (tree.isLive !== true) return digest;
      if (!isSameStamp(before, stampOf(fstatSync(fd)))) continue;
      entry.stamp = before;
      entry.size = before.size;
      if (entry.isUnread === true) readAttributes(tree, entry);
      if (isYoung(before, started)) tree.young?.add(entry.path);
      else tree.known?.put(before, { digest, isPlain: entry.attributes.xattrs.size === 0 });
      return digest;
    } finally {
      closeSync(fd);
    }
  }
  throw changed(entry.path);
}

async function hashOf(fd: number, size: number): Promise<string> {
  const hash = createHash('sha256');
  if (size <= SMALL_BYTES) return hash.update(readSmall(fd, size)).digest('hex');
  await hashLarge(fd, hash);
  return hash.digest('hex');
}

/** The next part is read while the one before is hashed; two buffers are enough however long it is. */
export async function hashLarge(fd: number, hash: Hash): Promise<void> {
  const buffers = [Buffer.allocUnsafe(CHUNK_BYTES), Buffer.allocUnsafe(CHUNK_BYTES)] as const;
  const readInto = (turn: number, position: number) => readAsync(fd, { buffer: buffers[turn % 2], position });
  for (let turn = 0, position = 0, next = readInto(0, 0); ; turn++) {
    const { bytesRead, buffer } = await next;
    if (bytesRead === 0) return;
    position += bytesRead;
    next = readInto(turn + 1, position);
    hash.update(buffer.subarray(0, bytesRead));
  }
}

export function changed(path: string): ConflictError {
  return new ConflictError(`${path} changed while it was read`, {
    why: 'something writes to it',
    hint: 'build again when nothing does, or name it in .dockerignore',
  });
}
