import { watch } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Exit codes as the supervisors write them: a file by container id in one folder. */
export interface Exits extends Disposable {
  readonly directory: string;
  /** The code, if it was written already. */
  read(id: string): Promise<number | undefined>;
  /** Calls back once, as soon as the code is there. */
  watch(id: string, listener: (code: number) => void): Disposable;
  forget(id: string): Promise<void>;
}

/** The folder is watched before it is read, so that nothing written in between is missed. */
export async function openExits(directory: string): Promise<Exits> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const listeners = new Map<string, (code: number) => void>();
  const read = async (id: string): Promise<number | undefined> => {
    const text = await readFile(join(directory, id), 'utf8').catch(() => '');
    return /^\d+/.test(text) ? Number.parseInt(text, 10) : undefined; // empty for a moment while it is written
  };
  const look = async (id: string): Promise<void> => {
    if (!listeners.has(id)) return;
    const code = await read(id);
    const listener = listeners.get(id);
    if (code === undefined || listener === undefined) return;
    listeners.delete(id);
    listener(code);
  };
  const watcher = watch(directory, { persistent: false }, (_event, name) => {
    if (name !== null) void look(name);
  });
  return {
    directory,
    read,
    watch(id, listener) {
      listeners.set(id, listener);
      void look(id);
      return { [Symbol.dispose]: () => void listeners.delete(id) };
    },
    forget: async (id) => rm(join(directory, id), { force: true }),
    [Symbol.dispose]: () => watcher.close(),
  };
}
