import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestEngine } from './engine.ts';

/** Folders of the data root that hold what images are made of. */
const FOLDERS = ['content', 'layers', 'snapshots'];
const FREED_WITHIN_MS = 15_000;

/** Paths of everything that is stored for images, below the data root; folders that every store has do not count. */
async function storedPaths(engine: TestEngine): Promise<string[]> {
  const found: string[] = [];
  for (const folder of FOLDERS) {
    const entries = await readdir(join(engine.dataRoot, folder), { recursive: true }).catch(() => []);
    found.push(...entries.map((name) => `${folder}/${name}`));
  }
  return found.filter((path) => !FRAME.test(path));
}

const FRAME = /^(?:content\/(?:blobs|blobs\/sha256|ingest)|layers\/(?:\.new|mnt)|snapshots\/\.(?:new|trash))$/;

/** What is left in a store from which everything was removed; space comes back in the background. */
export async function leftInEmptyStore(engine: TestEngine): Promise<string[]> {
  const deadline = Date.now() + FREED_WITHIN_MS;
  for (;;) {
    const left = await storedPaths(engine);
    if (left.length === 0 || Date.now() > deadline) return left;
    await sleep(100);
  }
}
