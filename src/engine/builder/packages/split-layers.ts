import { lstatSync, mkdirSync, renameSync } from 'node:fs';
import { attributesOf, setAttributes, setMtime } from '#engine/snapshots/tree/attributes.ts';
import { NotFoundError } from '#lib/errors.ts';
import { ffiPath } from '#engine/snapshots/tree/ffi-path.ts';
import { type Located, openRoot, type Root } from '#lib/files/open-root.ts';
import { removeXattr } from '#linux/xattr.ts';
import type { BuildRun, StageRun } from '../build-run.ts';
import type { Layer } from '../layers.ts';
import type { StepLayer } from '../steps/step.ts';
import { openView, openWorkspace, type Workspace } from '../workspace.ts';
import { assignFiles, type Part } from './assign-files.ts';
import { type ChangedNode, readChanges } from './changed-tree.ts';
import { continuedFrom, type FormerLayer } from './continue-install.ts';
import { type KnownLayers, knownLayers } from './equal-layer.ts';
import { findDistributions } from './find-distributions.ts';
import { isSameTree } from './same-tree.ts';
import { settleBytecode, settleTimes } from './settle-times.ts';

/** Layers of an image up to which distributions get some of their own: registries and engines take 127. */
const LAYERS_PER_IMAGE = 100;
const OPAQUE = 'trusted.overlay.opaque';
const LAYERED = ['run', 'copy', 'add', 'workdir'];

/**
 * Keeps what a step did as several layers: one for each distribution that it installed, largest first, and on top one with all the rest.
 *
 * A layer of a distribution holds the files that its record names, the folders above them, and nothing that differs from day to day: all times
 * are the same, compiled files are bound to them, and of large distributions what tells how they were asked for is in a layer of its own. So
 * the same wheel gives the same layer in every image.
 * Files are moved, not copied: all of a step's changes lie on one file system, and equal layers of other builds share theirs. Laid over each
 * other the layers show what the step left, but for times.
 */
export async function splitLayers(
  run: StageRun,
  workspace: Workspace,
  { title }: { title: string },
): Promise<readonly StepLayer[]> {
  await workspace.close();
  const { context } = run.build;
  using from = openRoot(workspace.upper, { links: 'refuse' });
  const changes = await changesOver(context, from, run.state.layers.at(-1));
  const distributions = findDistributions(from, { withFiles: true });
  const parts = assignFiles(changes, distributions, { layers: layersLeft(run) });
  if (parts.length === 0) return [{ layer: await workspace.commit(), title }];
  await settleBytecode(from, changes, isInside(parts.flatMap(({ paths }) => paths)));
  const layers: StepLayer[] = [];
  clearMarks(from, changes);
  const former = continuedFrom(workspace);
  const known = knownLayers(context);
  let below = run.state.layers.at(-1);
  for (const part of parts) {
    run.build.signal.throwIfAborted();
    below = await makeLayer(context, { from, part, below, former, known });
    layers.push({ layer: below, title: `${title} # ${part.title}` });
  }
  restoreTimes(from, changes, isAbove(parts.flatMap(({ paths }) => paths)));
  if (from.readdir('').length === 0) return layers;
  return [...layers, { layer: await takeRest(context, from, below), title }];
}

async function changesOver(
  context: BuildRun['context'],
  ...[from, layer]: [from: Root, layer: Layer | undefined]
): Promise<readonly ChangedNode[]> {
  await using view = await openView(context, layer);
  using below = openRoot(view.path, { links: 'refuse' });
  return await readChanges(from, below);
}

/** Folders that are marked as if they hid something would hide it now: the layers come below them. */
function clearMarks(root: Root, changes: readonly ChangedNode[]): void {
  const visit = (folder: string, nodes: readonly ChangedNode[]): void => {
    for (const { name, kind, isOpaque, hides, children } of nodes) {
      if (kind !== 'directory') continue;
      const path = folder === '' ? name : `${folder}/${name}`;
      if (isOpaque && !hides) removeXattr(ffiPath(root.locate(path)), OPAQUE);
      visit(path, children);
    }
  };
  visit('', changes);
}

/** Of what an image may have, without what is there and what the other steps of all stages will add at most. */
function layersLeft({ build, state }: StageRun): number {
  const { plan } = build;
  const others = plan.stages
    .flatMap(({ stage }) => stage.instructions)
    .filter(({ kind }) => LAYERED.includes(kind)).length;
  return LAYERS_PER_IMAGE - state.layers.length - others;
}

function isInside(paths: readonly string[]): (path: string) => boolean {
  const all = new Set(paths);
  return (path) => {
    for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1))
      if (all.has(path.slice(0, end))) return true;
    return false;
  };
}

/** Whether something was taken out of a folder. */
function isAbove(paths: readonly string[]): (path: string) => boolean {
  const parents = new Set(paths.map((path) => path.slice(0, Math.max(0, path.lastIndexOf('/')))));
  return (path) => parents.has(path);
}

interface Making {
  from: Root;
  part: Part;
  below: Layer | undefined;
  former: readonly FormerLayer[];
  known: KnownLayers;
}

async function makeLayer(context: BuildRun['context'], { from, part, below, former, known }: Making): Promise<Layer> {
  await using workspace = await openWorkspace(context, below);
  let same: Layer | undefined;
  {
    using to = openRoot(workspace.upper, { links: 'refuse' });
    for (const path of part.paths) {
      makeParents(from, to, path);
      renameSync(from.locate(path).path, to.locate(path).path);
    }
    await settleTimes(to);
    const before = former.find(({ title }) => title.endsWith(`# ${part.title}`));
    same =
      (await sameLayer(context, to, before)) ?? (await known.equalTo({ name: workspace.name, tree: to }, part.title));
  }
  return await workspace.commit(same);
}

/** The layer that an earlier install left for the same, if it is the same: it need not be read to be known. */
async function sameLayer(
  { layers, snapshots }: BuildRun['context'],
  ...[tree, former]: [tree: Root, former: FormerLayer | undefined]
): Promise<Layer | undefined> {
  if (former === undefined) return undefined;
  try {
    const { diffId } = await snapshots.stat(former.snapshot);
    using other = openRoot(former.tree, { links: 'refuse' });
    return diffId !== undefined && (await isSameTree(tree, other))
      ? layers.ofImage(former.snapshot, diffId)
      : undefined;
  } catch (error) {
    if (error instanceof NotFoundError) return undefined; // it has gone, or has another name now
    throw error;
  }
}

/** Folders above a path, as they are where it came from. */
function makeParents(from: Root, to: Root, path: string): void {
  const makeParent = (parent: Located): void => {
    mkdirSync(parent.path, 0o755);
    const { mtimeNs: _, ...attributes } = attributesOf(from.locate(`${parent.canonical}/.`));
    setAttributes(parent, attributes);
  };
  to.locate(path, { makeParent });
}

/** Taking something out of a folder changed its time. */
function restoreTimes(root: Root, changes: readonly ChangedNode[], isChanged: (path: string) => boolean): void {
  const visit = (folder: string, nodes: readonly ChangedNode[]): void => {
    for (const { name, kind, children, mtimeNs } of nodes) {
      const path = folder === '' ? name : `${folder}/${name}`;
      if (kind !== 'directory' || root.lstat(path)?.isDirectory() !== true) continue;
      visit(path, children);
      if (isChanged(path)) setMtime(root.locate(`${path}/.`), mtimeNs);
    }
  };
  visit('', changes);
}

/** What is left becomes the uppermost layer. */
async function takeRest(context: BuildRun['context'], from: Root, below: Layer | undefined): Promise<Layer> {
  await using workspace = await openWorkspace(context, below);
  {
    using to = openRoot(workspace.upper, { links: 'refuse' });
    for (const name of from.readdir('')) renameSync(from.locate(name).path, to.locate(name).path);
    const { mtimeNs: _, ...attributes } = attributesOf(
      from.locate(''),
      lstatSync(from.locate('').path, { bigint: true }),
    );
    setAttributes(to.locate(''), attributes);
  }
  return await workspace.commit();
}
