import { open } from 'node:fs/promises';
import { InternalError } from '#lib/errors.ts';
import { c } from './ffi.ts';

/** Makes everything written to the file system that holds `path` durable. Runs beside the event loop: it can take seconds. */
export async function syncFileSystem(path: string): Promise<void> {
  await using handle = await open(path, 'r');
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  c.syncfs.async(handle.fd, (error: Error | null, result: number) => {
    if (error === null) resolve(result);
    else reject(error);
  });
  if ((await promise) !== 0) throw new InternalError(`file system of ${path} could not be synced`);
}
