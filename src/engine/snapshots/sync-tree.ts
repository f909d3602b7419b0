import { constants } from 'node:fs';
import { open, readdir } from 'node:fs/promises';

const OPEN = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Makes a small tree durable, file by file: the whole file system may have gigabytes under way that nobody has to wait for. */
export async function syncTree(folder: string | Buffer): Promise<void> {
  for (const entry of await readdir(folder, { encoding: 'buffer', withFileTypes: true })) {
    const path = Buffer.concat([Buffer.from(folder as string), Buffer.from('/'), entry.name]);
    if (entry.isDirectory()) await syncTree(path);
    else if (entry.isFile()) await syncOne(path);
  }
  await syncOne(folder);
}

async function syncOne(path: string | Buffer): Promise<void> {
  await using handle = await open(path, OPEN);
  await handle.sync();
}
