import { mkdir, readFile, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { writeAtomic } from '#lib/files/write-atomic.ts';
import { ConflictError } from '#lib/errors.ts';

/**
 * Writes this process's id to a file that goes when the result is disposed. One left by a process that is gone is replaced.
 * @throws {ConflictError} if the process it names is an engine that runs
 */
export async function writePidFile(path: string): Promise<AsyncDisposable> {
  const former = Number((await readFile(path, 'utf8').catch(() => '')).trim());
  if (former > 0 && former !== process.pid && (await isEngine(former)))
    throw new ConflictError(`an engine is already running with the pid file ${path} (pid ${former})`, {
      hint: `stop it with "kill ${former}", or choose another --pidfile`,
    });
  await mkdir(dirname(path), { recursive: true });
  await writeAtomic(path, `${process.pid}\n`);
  return {
    async [Symbol.asyncDispose]() {
      const own = (await readFile(path, 'utf8').catch(() => '')).trim() === String(process.pid);
      if (own) await unlink(path).catch(() => {});
    },
  };
}

/** Ids are used again: a process of that number may be any other program. */
async function isEngine(pid: number): Promise<boolean> {
  const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0');
  const verb = words.indexOf('engine');
  return verb > 0 && words[verb + 1] === 'run';
}
