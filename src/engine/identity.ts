import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeAtomic } from '#lib/files/write-atomic.ts';
import { ConflictError, DataLossError } from '#lib/errors.ts';
import { tryLock } from '#linux/flock.ts';

/**
 * The id (eight hexadecimal digits) that everything this engine makes outside its folders carries; made once per data root.
 * @throws {DataLossError} if the file with it is damaged
 */
export async function readEngineId(dataRoot: string): Promise<string> {
  const path = join(dataRoot, 'engine-id');
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) {
    const id = randomBytes(4).toString('hex');
    await writeAtomic(path, `${id}\n`);
    return id;
  }
  const id = text.trim();
  if (!/^[0-9a-f]{8}$/.test(id))
    throw new DataLossError(`${path} does not hold an engine id`, {
      why: 'without it the engine cannot tell which networks and control groups are its own',
      hint: "restore the file; its eight digits are also the end of the name of the engine's nft table",
    });
  return id;
}

/**
 * Takes a folder for this process alone, until disposed or the process ends.
 * @throws {ConflictError} naming the process that has it
 */
export async function lockFolder(folder: string, what: string): Promise<AsyncDisposable> {
  await mkdir(folder, { recursive: true, mode: 0o711 });
  const path = join(folder, 'engine.lock');
  const file = await open(path, 'a+', 0o600);
  if (!tryLock(file.fd)) {
    const pid = (await readFile(path, 'utf8').catch(() => '')).trim();
    await file.close();
    throw new ConflictError(`an engine is already running on this ${what} (pid ${pid || 'unknown'})`, {
      why: `${path} is locked`,
      hint: `use that engine, stop it with "kill ${pid || 'PID'}", or choose another --${what.replace(' ', '-')}`,
    });
  }
  await writePid(file);
  return { [Symbol.asyncDispose]: async () => file.close() };
}

async function writePid(file: FileHandle): Promise<void> {
  await file.truncate(0);
  await file.write(`${process.pid}\n`);
}
