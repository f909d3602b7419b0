import { linkSync } from 'node:fs';
import { attributesOf, setAttributes } from '#engine/snapshots/tree/attributes.ts';
import { fileError } from '#lib/files/file-error.ts';
import { openRoot, type Root } from '#lib/files/open-root.ts';
import type { StageRun } from '../build-run.ts';
import type { Layer } from '../layers.ts';
import { stepKey } from '../stages/stage-state.ts';
import { openWorkspace, type Workspace } from '../workspace.ts';
import type { Item } from './copy-items.ts';
import type { Step, StepInput, StepLayer } from './step.ts';
import { ownerOf, writeItems, type WriteItemsOptions } from './write-items.ts';

/** What a linked copy is, whatever it is laid over. */
export interface Linked {
  inputs: () => Promise<readonly StepInput[]>;
  items: () => Promise<readonly Item[]>;
  options: WriteItemsOptions;
  title: string;
}

/**
 * COPY --link: the files are a layer of their own, made over nothing and laid over what is there. When only that changes, neither the files
 * nor the layer's digest are made again.
 */
export function linkStep(run: StageRun, linked: Linked): Pick<Step, 'run' | 'commit' | 'isReused'> {
  let made: { layer: Layer; isKnown: boolean } | undefined;
  return {
    async run(workspace) {
      made = await detachedLayer(run, workspace, linked);
      await workspace.close();
      layOver(run, workspace, made.layer);
    },
    async commit(workspace): Promise<readonly StepLayer[]> {
      return [{ layer: await workspace.commit(made?.layer), title: linked.title }];
    },
    isReused: () => made?.isKnown === true,
  };
}

/** The layer over nothing: from an earlier step, or made now. Names of users are those of the tree that it is laid over. */
async function detachedLayer(
  run: StageRun,
  workspace: Workspace,
  { inputs, items, options, title }: Linked,
): Promise<{ layer: Layer; isKnown: boolean }> {
  const { context, signal } = run.build;
  const chown = options.chown === undefined ? undefined : await numericOwner(workspace, options);
  const own = [{ name: 'link', value: chown ?? '' }, ...(await inputs())];
  const key = stepKey('', own);
  using _ = await context.steps.acquire(key, { signal });
  const known = run.build.request.noCache === 'all' ? undefined : await context.layers.find(key, undefined);
  const [former] = known?.layers ?? [];
  if (former !== undefined) return { layer: former.layer, isKnown: true };
  await using fresh = await openWorkspace(context, undefined);
  await writeItems(fresh, await items(), { ...options, chown });
  const layer = await fresh.commit();
  context.layers.record({
    key,
    parent: '',
    layers: [{ layer, title }],
    inputs: own,
    description: title,
    created: Date.now(),
  });
  return { layer, isKnown: false };
}

async function numericOwner(workspace: Workspace, { chown = '', warn }: WriteItemsOptions): Promise<string> {
  using root = openRoot(await workspace.open());
  const { uid, gid } = ownerOf(root, chown, warn);
  return `${uid}:${gid}`;
}

/** Files get a second name: committed trees never change. */
function layOver({ build }: StageRun, { upper }: Workspace, { snapshot }: Layer): void {
  const { tree } = build.context.snapshots.paths(snapshot);
  using from = openRoot(tree, { links: 'refuse' });
  using to = openRoot(upper, { links: 'refuse' });
  share(from, to, '');
}

function share(from: Root, to: Root, folder: string): void {
  for (const name of from.readdir(folder)) {
    const path = folder === '' ? name : `${folder}/${name}`;
    const isFolder = from.lstat(path)?.isDirectory() === true;
    if (!isFolder) {
      const place = from.locate(path);
      try {
        linkSync(place.path, to.locate(path).path);
      } catch (error) {
        throw fileError(error, path);
      }
      continue;
    }
    to.mkdir(path, 0o700);
    share(from, to, path);
    const attributes = attributesOf(from.locate(path));
    setAttributes(to.locate(path), attributes);
  }
}
