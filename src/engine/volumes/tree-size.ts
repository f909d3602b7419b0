import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';

/** Bytes that the files of a tree take on the disk, each once however many names it has; mounts are not entered. */
export async function treeSize(root: string): Promise<number> {
  const seen = new Set<string>();
  const { dev } = await lstat(root);
  let bytes = 0;
  const waiting = [root];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    for await (const entry of await opendir(folder)) {
      const path = join(folder, entry.name);
      const found = await lstat(path).catch(() => undefined);
      if (found === undefined || found.dev !== dev) continue;
      if (found.isDirectory()) waiting.push(path);
      const key = `${found.ino}`;
      if (found.nlink > 1 && !found.isDirectory() && seen.has(key)) continue;
      seen.add(key);
      bytes += found.isDirectory() ? 0 : found.size;
    }
  }
  return bytes;
}
