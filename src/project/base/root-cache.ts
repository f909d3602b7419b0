import { mkdir, mkdtempDisposable, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { InternalError } from '#lib/errors.ts';
import { sha256 } from '#lib/sha256.ts';
import { bootstrap } from './bootstrap.ts';
import { findMirror, type Mirror } from './mirror.ts';
import { FINISH_ROOT, INSTALL_PYTHON, LAYOUT_PY } from './python-layout.ts';
import { type Recipe, SUITES, type Suite } from './recipes.ts';

export interface CachedRoot {
  /** An uncompressed tar. */
  path: string;
  pythonVersion: string | undefined;
}

export interface RootOptions {
  /** Makes it anew. */
  fresh?: boolean;
  signal?: AbortSignal | undefined;
  onProgress?: ((line: string) => void) | undefined;
}

/** Kept after this a temporary folder belongs to nobody any more. */
const STALE_MS = 3_600_000;

/** The root file system of a recipe, made if it is not kept from before. A recipe that changes has another file. */
export async function cachedRoot(recipe: Recipe, options: RootOptions = {}): Promise<CachedRoot> {
  const { suite } = recipe;
  if (suite === undefined) throw new InternalError(`${recipe.name} is not made of Debian packages`);
  const folder = cacheFolder();
  await mkdir(folder, { recursive: true });
  const mirror = await findMirror();
  const key = keyOf({ ...recipe, suite }, mirror);
  const path = join(folder, `${key}.tar`);
  const known = options.fresh === true ? undefined : await readCached(path);
  if (known !== undefined) return known;
  await removeStale(folder);
  await using work = await mkdtempDisposable(join(folder, 'making-'));
  const made = join(work.path, 'root.tar');
  const { pythonVersion } = await bootstrap({ ...recipe, suite }, made, { ...options, mirror });
  await writeFile(`${path}.json`, JSON.stringify({ name: recipe.name, pythonVersion }));
  await rename(made, path);
  await removeOlder(folder, key);
  return { path, pythonVersion };
}

/** `$XDG_CACHE_HOME/berth/base`. */
function cacheFolder(): string {
  const home = process.env['XDG_CACHE_HOME'];
  return join(home === undefined || home === '' ? join(homedir(), '.cache') : home, 'berth', 'base');
}

function keyOf(recipe: Recipe & { suite: Suite }, mirror: Mirror): string {
  const { kind, suite, slim } = recipe;
  const made = JSON.stringify([kind, slim, suite, SUITES[suite], mirror, INSTALL_PYTHON, LAYOUT_PY, FINISH_ROOT]);
  return `${kind}-${suite}${slim ? '-slim' : ''}-${process.arch}-${sha256(made).slice('sha256:'.length, 'sha256:'.length + 12)}`;
}

async function readCached(path: string): Promise<CachedRoot | undefined> {
  try {
    await stat(path);
    const { pythonVersion } = JSON.parse(await readFile(`${path}.json`, 'utf8')) as { pythonVersion?: string };
    return { path, pythonVersion };
  } catch {
    return undefined;
  }
}

/** What former recipes of the same stand-in made. */
async function removeOlder(folder: string, key: string): Promise<void> {
  const kind = key.replace(/[^-]*$/, '');
  for (const name of await readdir(folder))
    if (name.startsWith(kind) && !name.startsWith(key) && /^[0-9a-f]{12}\./.test(name.slice(kind.length)))
      await rm(join(folder, name), { force: true });
}

/** What an interrupted run left. */
async function removeStale(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    if (!name.startsWith('making-')) continue;
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }));
    if (Date.now() - mtimeMs > STALE_MS) await rm(path, { recursive: true, force: true });
  }
}
