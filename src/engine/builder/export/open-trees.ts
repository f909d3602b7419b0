import { randomBytes } from 'node:crypto';
import { mkdir, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InvalidArgumentError } from '#lib/errors.ts';
import { openRoot } from '#lib/files/open-root.ts';
import { mountAt, unmount } from '#linux/mount.ts';
import type { BuilderContext } from '../build-run.ts';
import type { Layer } from '../layers.ts';
import { openView, openWorkspace } from '../workspace.ts';

/** A tree to deliver. */
export interface TreePart {
  /** Folder that it gets among the others; the place itself if empty. */
  name: string;
  layer: Layer | undefined;
  /** Files that lie in it besides. */
  files: ReadonlyMap<string, Buffer>;
}

/** Places to be read; gone when disposed. */
export interface OpenTrees extends AsyncDisposable {
  /** One with a folder for each part that has a name, else one for each. */
  paths: readonly string[];
}

/** @throws {InvalidArgumentError} if two that go to one place have a file of the same path */
export async function openTrees(context: BuilderContext, parts: readonly TreePart[]): Promise<OpenTrees> {
  await using resources = new AsyncDisposableStack();
  const paths: string[] = [];
  for (const part of parts) paths.push(await openPart(context, part, resources));
  if (parts.every(({ name }) => name === '')) {
    refuseDoubles(paths);
    const held = resources.move();
    return { paths, [Symbol.asyncDispose]: () => held.disposeAsync() };
  }
  const path = join(context.mountRoot, `export-${randomBytes(8).toString('hex')}`);
  await mkdir(path, { mode: 0o700 });
  resources.defer(() => rmdir(path));
  mountAt(path, { type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'nodev', 'mode=755'] });
  // What is mounted below goes with it.
  resources.defer(() => void unmount(path));
  for (const [index, { name }] of parts.entries()) {
    await mkdir(join(path, name), { mode: 0o755 });
    mountAt(join(path, name), { type: 'bind', source: paths[index] ?? '', options: ['bind', 'ro'] });
  }
  const held = resources.move();
  return { paths: [path], [Symbol.asyncDispose]: () => held.disposeAsync() };
}

/** Files of it are put into a copy that nobody keeps. */
async function openPart(
  context: BuilderContext,
  { layer, files }: TreePart,
  resources: AsyncDisposableStack,
): Promise<string> {
  if (files.size === 0) return resources.use(await openView(context, layer)).path;
  const workspace = resources.use(await openWorkspace(context, layer));
  const path = await workspace.open();
  using root = openRoot(path);
  for (const [name, bytes] of files) {
    root.remove(name);
    await writeFile(root.locate(name).path, bytes, { mode: 0o600, flag: 'wx' });
  }
  return path;
}

function refuseDoubles(paths: readonly string[]): void {
  const seen = new Set<string>();
  for (const path of paths.length > 1 ? paths : []) {
    using root = openRoot(path);
    for (const file of filesBelow(root, '')) {
      if (seen.has(file))
        throw new InvalidArgumentError(`cannot overwrite ${file} with that of another platform`, {
          why: 'the results of all platforms are asked for in one place',
          hint: 'leave platform-split=false out',
        });
      seen.add(file);
    }
  }
}

function* filesBelow(root: ReturnType<typeof openRoot>, folder: string): Generator<string> {
  for (const name of root.readdir(folder)) {
    const path = folder === '' ? name : `${folder}/${name}`;
    if (root.lstat(path)?.isDirectory() === true) yield* filesBelow(root, path);
    else yield path;
  }
}
