import { readSync, constants, closeSync, fstatSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cleanPath } from '#dockerfile/clean-path.ts';
import { compileIgnore, type Ignore, ignoreLines } from '#dockerfile/ignore.ts';
import { extractTar } from '#engine/snapshots/tree/extract-tar.ts';
import { InvalidArgumentError, NotFoundError } from '#lib/errors.ts';
import { openRoot, type Root } from '#lib/files/open-root.ts';
import type { SourceTree } from './source-tree.ts';

/** The files a build may copy, unpacked. Gone when disposed. */
export interface BuildContext extends AsyncDisposable {
  tree: SourceTree;
  dockerfile: { name: string; text: string };
  /** Folder for what a build fetches. */
  scratch: string;
}

const TEXT_LIMIT_BYTES = 16 * 1024 * 1024;
const LIMITS = { entries: 2_000_000, headerBytes: 1024 * 1024, contentBytes: 2 ** 40 };

/**
 * Unpacks the context, takes out what its .dockerignore excludes, and reads the Dockerfile, which may itself be excluded.
 * @throws {InvalidArgumentError} if it is broken, reaches outside, or has no such Dockerfile
 */
export async function openBuildContext(
  folder: string,
  { context, dockerfile, signal }: { context: AsyncIterable<Uint8Array>; dockerfile: string; signal: AbortSignal },
): Promise<BuildContext> {
  await using cleanup = new AsyncDisposableStack();
  const path = await mkdtemp(join(folder, 'context-'));
  cleanup.defer(() => rm(path, { recursive: true, force: true }));
  const files = join(path, 'files');
  const scratch = join(path, 'scratch');
  await Promise.all([mkdir(files, { mode: 0o755 }), mkdir(scratch, { mode: 0o700 })]);
  const root = cleanup.use(openRoot(files));
  {
    // Nothing is written through a link that the archive brought.
    using strict = openRoot(files, { links: 'refuse' });
    await extractTar(strict, context, { signal, limits: LIMITS });
  }
  const name = cleanPath(`/${dockerfile}`).slice(1);
  const text = readText(root, name);
  if (text === undefined)
    throw new InvalidArgumentError(`Cannot locate specified Dockerfile: ${dockerfile}`, {
      why: 'the build context has no file of that name',
      hint: 'name it with --file, relative to the context',
    });
  applyIgnore(root, readIgnore(root, name));
  const held = cleanup.move();
  return {
    tree: { root, kind: 'context', digests: new Map(), taken: new Map() },
    dockerfile: { name, text },
    scratch,
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

function readIgnore(root: Root, dockerfile: string): Ignore {
  const text = readText(root, `${dockerfile}.dockerignore`) ?? readText(root, '.dockerignore') ?? '';
  return compileIgnore(ignoreLines(text));
}

/** Folders of which all is excluded go as a whole. */
function applyIgnore(root: Root, ignore: Ignore): void {
  if (ignore.isEmpty) return;
  const visit = (folder: string): void => {
    for (const name of root.readdir(folder)) {
      const path = folder === '' ? name : `${folder}/${name}`;
      const isFolder = root.lstat(path)?.isDirectory() === true;
      const excluded = ignore.excludes(path);
      if (excluded && !(isFolder && ignore.mayHoldExceptions(path))) root.remove(path);
      else if (isFolder) visit(path);
      if (excluded && isFolder && root.lstat(path) !== undefined && root.readdir(path).length === 0) root.remove(path);
    }
  };
  visit('');
}

/** @throws {InvalidArgumentError} if it is too large or no file */
function readText(root: Root, path: string): string | undefined {
  let fd: number;
  try {
    const real = root.resolveInRoot(path, { follow: true });
    fd = root.openFile(real, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
  try {
    const stats = fstatSync(fd);
    if (!stats.isFile()) throw new InvalidArgumentError(`${path} is no file`);
    if (stats.size > TEXT_LIMIT_BYTES)
      throw new InvalidArgumentError(`${path} is larger than ${TEXT_LIMIT_BYTES} bytes`);
    const bytes = Buffer.alloc(stats.size);
    return bytes.toString('utf8', 0, readSync(fd, bytes, 0, bytes.length, 0)); // eslint-disable-line max-params -- Node's own
  } finally {
    closeSync(fd);
  }
}
