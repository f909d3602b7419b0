import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InternalError } from '#lib/errors.ts';

const LEVELS = 6;

/**
 * The folder `serving/` with the serving runtime, found from the sources and from the bundle.
 * @throws {InternalError} if the installation lacks it
 */
export function servingFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (let level = 0; level < LEVELS; level++) {
    const candidate = join(folder, 'serving');
    if (existsSync(join(candidate, 'berth_serving', '__main__.py'))) return candidate;
    folder = dirname(folder);
  }
  throw new InternalError('the serving runtime is missing', {
    why: 'no folder serving/ lies beside the program',
    hint: 'install berth again',
  });
}

/** A file of the runtime as it goes into an image; `path` is relative to the folder that is put on PYTHONPATH. */
export interface ServingFile {
  path: string;
  bytes: Uint8Array;
}

/** The files of the runtime, in the order of their paths, with `requirements.txt` and without tests and compiled files. */
export async function servingFiles(): Promise<ServingFile[]> {
  const folder = servingFolder();
  const names = await readdir(join(folder, 'berth_serving'), { recursive: true });
  const paths = ['requirements.txt', ...names.map((name) => `berth_serving/${name}`)].filter((path) =>
    /\.(py|html|txt)$/.test(path),
  );
  return Promise.all(paths.toSorted().map(async (path) => ({ path, bytes: await readFile(join(folder, path)) })));
}
