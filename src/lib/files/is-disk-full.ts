import { statfs } from 'node:fs/promises';

/** What is left when a program has written until it could not. */
const FULL_BELOW_BYTES = 64 * 1024;

/** Whether the file system that holds a path has no space left worth speaking of. */
export async function isDiskFull(path: string): Promise<boolean> {
  const { bavail, bsize } = await statfs(path);
  return bavail * bsize < FULL_BELOW_BYTES;
}
