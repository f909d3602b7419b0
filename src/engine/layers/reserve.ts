import { statfs } from 'node:fs/promises';
import { noSpace } from '#lib/full-disk.ts';

const MIB = 1024 * 1024;

/**
 * What layers leave free on the disk, so that records can be written and things removed: a hundredth, at least 64 MiB, but no more than a
 * twentieth of a small disk.
 */
export function reservedBytes(diskBytes: number): number {
  return Math.max(diskBytes / 100, Math.min(64 * MIB, diskBytes / 20));
}

/** @throws {UnavailableError} if the disk that holds `path` has not so many bytes to spare */
export async function requireSpace(path: string, bytes: number): Promise<void> {
  const { bavail, blocks, bsize } = await statfs(path);
  if (bavail * bsize - bytes >= reservedBytes(blocks * bsize)) return;
  const free = Math.floor((bavail * bsize) / MIB);
  const reserve = Math.ceil(reservedBytes(blocks * bsize) / MIB);
  throw noSpace(`${free} MiB are free, and ${reserve} MiB are kept for what the engine itself has to write`, undefined);
}
