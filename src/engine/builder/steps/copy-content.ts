import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, ftruncateSync, read, readSync, type Stats, write, writeSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { CancelledError, InvalidArgumentError } from '#lib/errors.ts';
import { isSameStamp } from '../sources/digest-table.ts';
import { changed, hashLarge } from '../sources/file-content.ts';
import type { SourceEntry, SourceTree } from '../sources/source-tree.ts';
import { stampOf } from '../sources/walk-source.ts';

const readAsync = promisify(read);
const writeAsync = promisify(write);
const READ = constants.O_RDONLY | constants.O_NONBLOCK;
/** To wait for each of thousands of small files would cost more than their bytes. */
const SMALL_BYTES = 64 * 1024;
const CHUNK_BYTES = 1024 * 1024;
const PAGE_BYTES = 4096;
const BLOCK_BYTES = 512;
const ZEROS = Buffer.alloc(PAGE_BYTES);

/**
 * Copies the bytes of a file into an empty one that is open: shared where the file system can, by the kernel where it can, holes left as such.
 * @returns the time of the file, to the nanosecond
 * @throws {ConflictError} if they are not any more what the digest of the step says
 */
export async function copyContent(
  tree: SourceTree,
  entry: SourceEntry,
  { fd, signal }: { fd: number; signal: AbortSignal },
): Promise<{ mtimeNs: bigint }> {
  const from = tree.root.openFile(entry.path, READ);
  try {
    const before = fstatSync(from);
    if (!before.isFile()) throw new InvalidArgumentError(`${entry.path} is no file any more`);
    await copyBytes({ from, to: fd, stats: before, signal });
    if (tree.isLive === true) await verify(tree, entry, { from, to: fd });
    return fstatSync(from, { bigint: true });
  } finally {
    closeSync(from);
  }
}

interface Copying {
  from: number;
  to: number;
  stats: Stats;
  signal: AbortSignal;
}

async function copyBytes({ from, to, stats, signal }: Copying): Promise<void> {
  const { size } = stats;
  if (size <= SMALL_BYTES) copySmall({ from, to }, size);
  else if (stats.blocks * BLOCK_BYTES < stats.size) await copySparse({ from, to, stats, signal });
  else {
    if (signal.aborted) throw new CancelledError('build cancelled', { cause: signal.reason });
    await copyFile(`/proc/self/fd/${from}`, `/proc/self/fd/${to}`, constants.COPYFILE_FICLONE);
  }
}

function copySmall({ from, to }: { from: number; to: number }, size: number): void {
  if (size === 0) return;
  const buffer = Buffer.allocUnsafe(size);
  const length = readSync(from, buffer, 0, size, 0); // eslint-disable-line max-params -- Node's own
  for (let at = 0; at < length;) at += writeSync(to, buffer, at, length - at); // eslint-disable-line max-params -- Node's own
}

/** Pages of zeros are not written. */
async function copySparse({ from, to, stats, signal }: Copying): Promise<void> {
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  let position = 0;
  for (;;) {
    signal.throwIfAborted();
    const { bytesRead } = await readAsync(from, { buffer, position });
    if (bytesRead === 0) break;
    const chunk = buffer.subarray(0, bytesRead);
    for (const { start, end } of runsOf(chunk))
      await writeAsync(to, chunk.subarray(start, end), 0, end - start, position + start); // eslint-disable-line max-params -- Node's own
    position += bytesRead;
  }
  ftruncateSync(to, stats.size);
}

/** The parts of a chunk that are not all zeros, in whole pages. */
function* runsOf(chunk: Buffer): Generator<{ start: number; end: number }> {
  let start = -1;
  for (let at = 0; at < chunk.length; at += PAGE_BYTES) {
    const page = chunk.subarray(at, at + PAGE_BYTES);
    const isHole = page.equals(ZEROS.subarray(0, page.length));
    if (isHole && start >= 0) {
      yield { start, end: at };
      start = -1;
    } else if (!isHole && start < 0) start = at;
  }
  if (start >= 0) yield { start, end: chunk.length };
}

/** What was copied is what the digest says: nothing changed since, or the copy itself is looked at. */
async function verify(tree: SourceTree, entry: SourceEntry, { from, to }: { from: number; to: number }): Promise<void> {
  const digest = tree.digests.get(entry.path);
  if (digest === undefined || entry.stamp === undefined) return;
  const isSame = isSameStamp(entry.stamp, stampOf(fstatSync(from)));
  if (isSame && tree.young?.has(entry.path) !== true) return;
  const copy = await hashOf(to);
  if (copy !== digest) throw changed(entry.path);
}

async function hashOf(fd: number): Promise<string> {
  const hash = createHash('sha256');
  await hashLarge(fd, hash);
  return hash.digest('hex');
}
