import { createReadStream } from 'node:fs';
import { importImage } from '#client/images.ts';
import type { Client } from '#client/transport.ts';
import { InternalError } from '#lib/errors.ts';
import { imageChanges } from './image-changes.ts';
import { helloWorldTar } from './hello-world.ts';
import { cachedRoot } from './root-cache.ts';
import { type Recipe, recipeFor } from './recipes.ts';

export interface BuildBaseOptions {
  signal?: AbortSignal | undefined;
  /** Called with one line of what is going on. */
  onProgress?: ((line: string) => void) | undefined;
  /** Makes the root file system anew, although one is kept. */
  fresh?: boolean;
}

export interface BuiltBase {
  /** The name it is tagged with. */
  name: string;
  /** Id of the image. */
  id: string;
  pythonVersion: string | undefined;
  seconds: number;
}

/**
 * Makes a stand-in for an official image and gives it that very name in the engine. Made once, its root file system is kept and used again.
 * @throws {NotFoundError} if there is no recipe; {UnavailableError} if the packages cannot be fetched
 */
export async function buildBase(client: Client, name: string, options: BuildBaseOptions = {}): Promise<BuiltBase> {
  const started = performance.now();
  const recipe = recipeFor(name);
  const root = await rootOf(recipe, options);
  options.onProgress?.(`taking it into the engine as ${name}`);
  const id = await importRoot(client, { name, recipe, ...root }, options.signal);
  const seconds = (performance.now() - started) / 1000;
  return { name, id, pythonVersion: root.pythonVersion, seconds };
}

interface Root {
  archive: AsyncIterable<Uint8Array>;
  pythonVersion: string | undefined;
}

async function rootOf(recipe: Recipe, options: BuildBaseOptions): Promise<Root> {
  if (recipe.kind === 'hello-world') return { archive: once(helloWorldTar(process.arch)), pythonVersion: undefined };
  const { path, pythonVersion } = await cachedRoot(recipe, options);
  return { archive: createReadStream(path, { highWaterMark: 1024 * 1024 }), pythonVersion };
}

async function importRoot(
  client: Client,
  { name, recipe, archive, pythonVersion }: Root & { name: string; recipe: Recipe },
  signal: AbortSignal | undefined,
): Promise<string> {
  const colon = name.lastIndexOf(':');
  const hasTag = colon > name.lastIndexOf('/');
  const messages = importImage(client, {
    source: '-',
    repo: hasTag ? name.slice(0, colon) : name,
    tag: hasTag ? name.slice(colon + 1) : 'latest',
    message: `stand-in for ${recipe.name}, made by berth of Debian packages`,
    changes: imageChanges(recipe, pythonVersion),
    archive,
    signal,
  });
  let last = '';
  for await (const { status } of messages) last = status ?? last;
  if (!last.startsWith('sha256:')) throw new InternalError(`the engine does not name the image it made of ${name}`);
  return last;
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
