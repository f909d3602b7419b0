import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno } from './file-error.ts';

/** Names have up to 255 bytes and paths 4095, so that all up to here can be named. */
const NAMEABLE_DEPTH = 8;

/** Removes a folder that nobody uses any more, however deep it is: programs can make folders whose paths no call takes. */
export async function removeTree(path: string): Promise<void> {
  for (;;) {
    try {
      await rm(path, { recursive: true, force: true });
      return;
    } catch (error) {
      if (!isErrno(error, 'ENAMETOOLONG')) throw error;
    }
    await flatten(path);
  }
}

/** Moves what lies deep to the top, where it can be named. */
async function flatten(top: string): Promise<void> {
  let lifted = 0;
  const visit = async (folder: Buffer, depth: number): Promise<void> => {
    for (const entry of await readdir(folder, { encoding: 'buffer', withFileTypes: true })) {
      if (!entry.isDirectory()) continue;
      const place = Buffer.concat([folder, Buffer.from('/'), entry.name]);
      if (depth < NAMEABLE_DEPTH) {
        await visit(place, depth + 1);
        continue;
      }
      const target = Buffer.from(join(top, `.lifted-${lifted++}-${process.hrtime.bigint()}`));
      await rename(place, target);
      await visit(target, 1);
    }
  };
  await visit(Buffer.from(top), 1);
}
