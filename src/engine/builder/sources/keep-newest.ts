import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Puts a file into a folder that keeps the newest ones only. It is no loss if it is not there the next time, so nothing is synced.
 * @param count files that stay
 */
export async function keepNewest(
  folder: string,
  { name, bytes }: { name: string; bytes: Uint8Array | string },
  count: number,
): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const fresh = join(folder, `.${name}-${randomBytes(4).toString('hex')}`);
  await writeFile(fresh, bytes, { mode: 0o600 });
  await rename(fresh, join(folder, name));
  const names = await readdir(folder);
  if (names.length <= count) return;
  const timeOf = async (one: string): Promise<number> =>
    (await stat(join(folder, one)).catch(() => undefined))?.mtimeMs ?? 0;
  const aged = await Promise.all(names.map(async (one) => ({ one, time: await timeOf(one) })));
  const old = aged.toSorted((a, b) => b.time - a.time).slice(count);
  for (const { one } of old) await rm(join(folder, one), { force: true });
}
