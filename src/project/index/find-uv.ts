import { chmod, mkdir, mkdtempDisposable, open, readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inflateRawSync } from 'node:zlib';
import { DataLossError } from '#lib/errors.ts';
import { run } from '#lib/run.ts';
import { compareVersions } from '#ml/version.ts';
import { indexCacheFolder } from './cache-folder.ts';
import { contentStart, readZipDirectory } from './zip-directory.ts';

/** First release that leaves distributions out and writes the lock format of PEP 751 as it is read here. */
const OLDEST_UV = '0.9.8';
/** Versions that are known to work; a newer major or minor is asked for only when these are gone. */
const WANTED = 'uv>=0.9.8,<1';
const INSTALL_TIMEOUT_MS = 60_000;

export type FoundUv = { path: string } | { path: undefined; why: string };

/**
 * The resolver: the one on PATH if it is new enough, else one in Berth's cache folder, else fetched there by the user's own pip, with the user's configuration.
 * Nothing is installed elsewhere.
 */
export async function findUv(signal?: AbortSignal): Promise<FoundUv> {
  if (await isUsable('uv')) return { path: 'uv' };
  const folder = join(indexCacheFolder(), 'uv');
  const kept = await newestKept(folder);
  if (kept !== undefined) return { path: kept };
  try {
    return { path: await fetchUv(folder, signal) };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { path: undefined, why: `uv is not on PATH, and pip could not fetch it: ${why}` };
  }
}

async function isUsable(program: string): Promise<boolean> {
  try {
    const { stdout } = await run([program, '--version']);
    const version = /^uv (\d+(?:\.\d+)+)/.exec(stdout)?.[1];
    return version !== undefined && compareVersions(version, OLDEST_UV) >= 0;
  } catch {
    return false;
  }
}

async function newestKept(folder: string): Promise<string | undefined> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => /^uv-\d/.test(name));
  const newest = names.toSorted((a, b) => compareVersions(a.slice(3), b.slice(3))).at(-1);
  const path = newest === undefined ? undefined : join(folder, newest);
  return path !== undefined && (await isUsable(path)) ? path : undefined;
}

/** The wheel of uv is a program in an archive: pip looks for the one that fits this machine, and only the program is taken out. */
async function fetchUv(folder: string, signal: AbortSignal | undefined): Promise<string> {
  await mkdir(folder, { recursive: true });
  await using work = await mkdtempDisposable(join(folder, 'fetching-'));
  const limit = AbortSignal.timeout(INSTALL_TIMEOUT_MS);
  const options = [
    '--no-deps',
    '--only-binary',
    ':all:',
    '--disable-pip-version-check',
    '--quiet',
    '--dest',
    work.path,
  ];
  await run(['python3', '-I', '-m', 'pip', 'download', ...options, WANTED], { cwd: work.path, signal: signal === undefined ? limit : AbortSignal.any([signal, limit]) }); // prettier-ignore
  const wheel = (await readdir(work.path)).find((name) => name.endsWith('.whl'));
  const version = /^uv-(\d[\d.]*)-/.exec(wheel ?? '')?.[1];
  if (wheel === undefined || version === undefined)
    throw new DataLossError('pip fetched no wheel of uv', { why: `it left ${wheel ?? 'nothing'}` });
  const path = join(work.path, 'uv');
  await writeFile(path, await programIn(join(work.path, wheel)), { mode: 0o755 });
  await chmod(path, 0o755);
  const target = join(folder, `uv-${version}`);
  await rename(path, target);
  return target;
}

async function programIn(wheel: string): Promise<Buffer> {
  await using file = await open(wheel);
  const { size } = await file.stat();
  const read = async (start: number, length: number): Promise<Buffer> => {
    const buffer = Buffer.alloc(length);
    const { bytesRead } = await file.read(buffer, 0, length, start);
    return buffer.subarray(0, bytesRead);
  };
  const entry = (await readZipDirectory(read, size)).find(({ name }) => /^uv-[\d.]+\.data\/scripts\/uv$/.test(name));
  if (entry === undefined)
    throw new DataLossError('the wheel of uv holds no program', { why: 'scripts/uv is missing in it' });
  const content = await read(await contentStart(read, entry), entry.compressedBytes);
  return entry.method === 0 ? content : inflateRawSync(content, { maxOutputLength: 256 * 1024 * 1024 });
}
