import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, chown, copyFile, mkdir, mkdtemp, rm, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { cleanPath } from '#dockerfile/clean-path.ts';
import type { MountFlag } from '#dockerfile/mount-flag.ts';
import { InvalidArgumentError, NotFoundError } from '#lib/errors.ts';
import { mountAt, unmount } from '#linux/mount.ts';
import type { OpenSource, StageRun } from '../../build-run.ts';
import type { Layer } from '../../layers.ts';
import { openFrom, stackBehind } from '../../sources/open-from.ts';
import { pathOf } from '../../sources/context-paths.ts';
import { digestSource } from '../../sources/digest-source.ts';
import { findSources } from '../../sources/find-sources.ts';
import type { Source, SourceTree } from '../../sources/source-tree.ts';
import { openWorkspace } from '../../workspace.ts';
import { copySource } from './copy-source.ts';

/** Files from elsewhere that a step sees. */
export interface BindSource {
  opened: OpenSource;
  /** Path in the source, cleaned and without links; empty for all of it. */
  path: string;
  source: Source | undefined;
  /** Digest of what is there. */
  identity: string;
}

/** What a mount names, before it is looked at. */
export interface BindPlan {
  /** As it is written, with variables replaced. */
  path: string;
  /** Layers that stand for what is there; undefined if it does not lie in layers. */
  stack: readonly Layer[] | undefined;
  /** Looks at it; once. Its views are gone with the plan's resources. @throws {NotFoundError} {InvalidArgumentError} */
  find(this: void): Promise<BindSource>;
}

/** Plans a mount of the context, a stage or an image. */
export async function planBind(
  run: StageRun,
  ...[flag, resources]: [flag: MountFlag, resources: AsyncDisposableStack]
): Promise<BindPlan> {
  const stack = flag.from === '' ? undefined : await stackBehind(run, flag.from);
  let found: Promise<BindSource> | undefined;
  const find = (): Promise<BindSource> => (found ??= findBindSource(run, flag, resources));
  return { path: flag.source, stack, find };
}

async function findBindSource(
  run: StageRun,
  ...[flag, resources]: [flag: MountFlag, resources: AsyncDisposableStack]
): Promise<BindSource> {
  const { signal } = run.build;
  const opened =
    flag.from === '' ? await contextSource(run, flag.source) : resources.use(await openFrom(run, flag.from));
  const { tree, stack } = opened;
  const isAll = ['', '.', '/', './'].includes(flag.source);
  // All files of an image are named by its layers: to read each of them would take longer than most steps.
  if (isAll && stack !== undefined) {
    const diffIds = await Promise.all(stack.map(({ diffId }) => diffId));
    return { opened, path: '', source: undefined, identity: diffIds.join(' ') };
  }
  const [source] = findIn(tree, isAll ? '.' : flag.source);
  const path = tree.root.resolveInRoot(source?.path ?? '', { follow: true }).slice(1);
  const identity = source === undefined ? '' : await digestSource(tree, source, { withOwner: true, signal });
  return { opened, path, source, identity };
}

async function contextSource({ build }: StageRun, path: string): Promise<OpenSource> {
  return { tree: await build.files.context([pathOf(path)]), stack: undefined, [Symbol.asyncDispose]: async () => {} };
}

/** A mount names one path, not a pattern. @throws {NotFoundError} */
function findIn(tree: SourceTree, path: string): Source[] {
  try {
    return findSources(tree, path.replace(/[*?[\\]/g, '\\$&'), []);
  } catch (error) {
    const isGone = error instanceof NotFoundError || error instanceof InvalidArgumentError;
    if (!isGone) throw error;
    const place = tree.kind === 'context' ? 'the build context, or its ignore file leaves it out' : 'what from= names';
    throw new NotFoundError(`RUN --mount: ${JSON.stringify(cleanPath(`/${path}`))}: not found`, {
      why: `the source of the mount is not in ${place}`,
      cause: error,
    });
  }
}

/** Where a source lies on this host while a step runs; what the step writes there is gone afterwards. */
export async function openBind(
  run: StageRun,
  ...[bind, { isWritable }, resources]: [BindSource, { isWritable: boolean }, AsyncDisposableStack]
): Promise<string> {
  const { tree, stack } = bind.opened;
  if (bind.source !== undefined && !isAsItLies(tree, bind.source))
    return copySource(run.build, { tree, source: bind.source }, resources);
  const place = join(tree.root.path, bind.path);
  if (!isWritable) return place;
  if (stack !== undefined && stack.length > 0) {
    const workspace = resources.use(await openWorkspace(run.build.context, stack.at(-1)));
    return join(await workspace.open(), bind.path);
  }
  const scratch = await mkdtemp(join(run.build.files.scratch, 'bind-'));
  resources.defer(() => rm(scratch, { recursive: true, force: true }));
  const stats = await stat(place);
  if (stats.isDirectory()) return openOverlay(run.build.context.mountRoot, { lower: place, scratch }, resources);
  const copy = join(scratch, 'file');
  await copyFile(place, copy, constants.COPYFILE_FICLONE);
  await chown(copy, stats.uid, stats.gid);
  await chmod(copy, stats.mode & 0o7777);
  return copy;
}

/** Whether a process may be shown the folder itself: all in it counts, nobody changes it, and it is like the step's key says. */
function isAsItLies({ isLive, ignore, taken }: SourceTree, { entries }: Source): boolean {
  return isLive !== true && ignore === undefined && (taken.size === 0 || !entries.some(({ path }) => taken.has(path)));
}

/** A folder with another over it that takes what is written. */
async function openOverlay(
  mountRoot: string,
  ...[{ lower, scratch }, resources]: [{ lower: string; scratch: string }, AsyncDisposableStack]
): Promise<string> {
  const name = `bind-${randomBytes(8).toString('hex')}`;
  // The options of overlayfs take no colons and commas, which names in a context may have.
  const below = await openMountPoint(join(mountRoot, `${name}-below`), resources);
  mountAt(below, { type: 'bind', source: lower, options: ['ro'] });
  const [upper, work] = [join(scratch, 'upper'), join(scratch, 'work')];
  const { mode, uid, gid } = await stat(lower);
  for (const folder of [upper, work]) await mkdir(folder, { mode: 0o755 });
  await chown(upper, uid, gid);
  await chmod(upper, mode & 0o7777);
  const merged = await openMountPoint(join(mountRoot, name), resources);
  const options = [`lowerdir=${below}`, `upperdir=${upper}`, `workdir=${work}`];
  mountAt(merged, { type: 'overlay', source: 'overlay', options });
  return merged;
}

async function openMountPoint(path: string, resources: AsyncDisposableStack): Promise<string> {
  await mkdir(path, { mode: 0o700 });
  resources.defer(async () => {
    while (unmount(path));
    await rmdir(path);
  });
  return path;
}
