import { join } from 'node:path';
import { closeSync, readFileSync } from 'node:fs';
import type { SnapshotName, SnapshotRecord } from '#engine/snapshots/snapshotter.ts';
import { NotFoundError } from '#lib/errors.ts';
import { removeTree } from '#lib/files/remove-tree.ts';
import { findRegular } from '#lib/files/open-regular.ts';
import { openRoot, type Root } from '#lib/files/open-root.ts';
import { sha256 } from '#lib/sha256.ts';
import type { Mount } from '#linux/mount.ts';
import { type AskedPackages, askedPackages, asksForMore, isInstallAlone } from '#ml/packages/asked-packages.ts';
import type { LockedPackage } from '#ml/packages/build-lock.ts';
import type { ToolCall } from '#ml/packages/tool-calls.ts';
import { formatPlatform } from '#oci/platform.ts';
import type { StageRun } from '../build-run.ts';
import { openView, openWorkspace, type Workspace } from '../workspace.ts';
import type { FormerInstall } from './former-installs.ts';
import { findDistributions } from './find-distributions.ts';
import { mergeFormer } from './merge-former.ts';
import { findPip, touchesPython } from './python-places.ts';
import { keepsRequirements } from './requirements-kept.ts';

/** An install that can go on from what the same step installed the last time. */
export interface ContinuedInstall {
  /** Names the place for the next time. */
  slot: string;
  asked: AskedPackages;
  /** What the image has below. */
  installed: ReadonlySet<string>;
  /** Undefined where there is nothing to go on from. */
  former: FormerTree | undefined;
}

/** One of the layers that an earlier install left. */
export interface FormerLayer {
  snapshot: SnapshotName;
  /** As the history has it. */
  title: string;
  /** Its folder. */
  tree: string;
}

/** What an earlier install left. It stays while this is held. */
export interface FormerTree extends AsyncDisposable {
  /** Uppermost first. */
  layers: readonly FormerLayer[];
  /** Of the archives it came from, by name and version. */
  digests: ReadonlyMap<string, string>;
}

export interface InstallQuestion {
  text: string;
  calls: readonly ToolCall[];
  env: ReadonlyMap<string, string>;
  tree: string;
}

const FILE_LIMIT_BYTES = 1024 * 1024;
const COPIED = /^(COPY|ADD|WORKDIR)\b|#\(nop\)\s+(COPY|ADD|WORKDIR)\b/;

/**
 * An install whose requirements have changed is mostly the one before: pip is started where that one ended, and told to look for the newest of
 * everything, as it would from nothing. It comes to the same, unless something that was needed is needed no more; then all of it is done anew.
 *
 * So only one call of pip that takes packages by name from indexes, as root, in the same image with the same settings, is continued, and only if it
 * asks for all that was asked for before, at whichever version.
 */
export async function findFormerInstall(
  run: StageRun,
  { text, calls, env, tree }: InstallQuestion,
): Promise<ContinuedInstall | undefined> {
  const { state, build } = run;
  const [call, ...more] = calls;
  const user = (state.config.User ?? '').split(':')[0] ?? '';
  if (call === undefined || more.length > 0 || call.place === undefined || !['', 'root', '0'].includes(user))
    return undefined;
  if (!isInstallAlone(text) || call.assignments.size > 0) return undefined;
  using root = openRoot(tree);
  const written = askedPackages(call, (path) => readFile(root, join('/', state.config.WorkingDir ?? '/', path)));
  // Addresses of indexes may hold passwords.
  const asked = written === undefined ? undefined : { ...written, options: [sha256(JSON.stringify(written.options))] };
  const pip = findPip(tree, env.get('PATH') ?? '');
  const below = await signatureBelow(run);
  if (asked === undefined || pip === undefined || below === undefined) return undefined;
  const settings = [...env]
    .map(([name, value]) => `${name}=${value}`)
    .filter((entry) => /^(PIP_|PYTHON|VIRTUAL_ENV=)/.test(entry))
    .toSorted();
  const place = [
    formatPlatform(state.platform),
    pip.program,
    pip.version,
    asked.options,
    settings,
    below,
    build.request.packages.locked,
  ];
  const slot = sha256(JSON.stringify(place));
  const { installed } = pip;
  const all = runsAnew(run) ? [] : build.context.installs.find(slot);
  const known = all.filter((other) => asksForMore(asked, other.asked)).toSorted(byExtent)[0];
  if (known === undefined) return { slot, asked, installed, former: undefined };
  const added = Object.keys(asked.packages).filter((name) => !Object.hasOwn(known.asked.packages, name));
  const former = await treesOf(run, { step: known.step, installed, added: new Set(added.map(nameOf)) });
  return { slot, asked, installed, former };
}

/** What asked for most comes first; among those the latest. */
function byExtent(one: FormerInstall, other: FormerInstall): number {
  return Object.keys(other.asked.packages).length - Object.keys(one.asked.packages).length;
}

/** Of what is asked for, without extras and markers. */
function nameOf(identity: string): string {
  return /^[a-z0-9-]+/.exec(identity)?.[0] ?? '';
}

function runsAnew({ build, index }: StageRun): boolean {
  const { noCache } = build.request;
  return noCache === 'all' || noCache.includes(build.plan.program.stages[index]?.from.name ?? `${index}`);
}

function readFile(root: Root, path: string): string | undefined {
  const file = findRegular(root, path);
  if (file === undefined) return undefined;
  try {
    return file.stats.size > FILE_LIMIT_BYTES ? undefined : readFileSync(file.fd, 'utf8');
  } finally {
    closeSync(file.fd);
  }
}

/** What lies below, but for layers of copied files that are none of Python's; undefined if one of those is. */
async function signatureBelow({ build, state }: StageRun): Promise<readonly string[] | undefined> {
  const { snapshots } = build.context;
  const titles = state.history
    .filter(({ empty_layer: isEmpty }) => isEmpty !== true)
    .map(({ created_by: title }) => title ?? '');
  const found: string[] = [];
  for (const [at, layer] of state.layers.entries()) {
    const isCopied = COPIED.test(titles[at] ?? '') && (await snapshots.stat(layer.snapshot)).form === 'directory';
    if (!isCopied) found.push(await layer.diffId);
    else if (touchesPython(snapshots.paths(layer.snapshot).tree)) return undefined;
  }
  return found;
}

/** The folders of a step's layers; undefined if one is none, or if the step installed over what the image had. */
async function treesOf(
  { build }: StageRun,
  { step, installed, added }: { step: string; installed: ReadonlySet<string>; added: ReadonlySet<string> },
): Promise<FormerTree | undefined> {
  const { layers, snapshots, locks } = build.context;
  const resolution = locks.find(step);
  if (resolution === undefined || resolution.conda.length + resolution.apt.length > 0) return undefined;
  // What came as a dependency and is now asked for has another receipt.
  const isOther = ({ name, origin }: LockedPackage): boolean =>
    installed.has(name) || added.has(name) || origin !== undefined;
  if (resolution.python.some(isOther)) return undefined;
  const record = layers.steps().find(({ key }) => key === step);
  if (record?.snapshot === undefined) return undefined;
  build.cache.hold(step);
  const found: FormerLayer[] = [];
  let name: string | undefined = record.snapshot;
  // What something stands on is not removed.
  await using resources = new AsyncDisposableStack();
  const top = { snapshot: record.snapshot, diffId: Promise.resolve(record.diffId ?? sha256('')) };
  try {
    resources.use(await openWorkspace(build.context, top));
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
  for (const title of record.titles.toReversed()) {
    const snapshot: SnapshotRecord | undefined =
      name === undefined ? undefined : await snapshots.stat(name).catch(() => undefined);
    if (name === undefined || snapshot?.form !== 'directory') return undefined;
    found.push({ snapshot: name, title, tree: snapshots.paths(name).tree });
    name = snapshot.parent;
  }
  if (found.length === 0) return undefined;
  const held = resources.move();
  const digests = new Map(
    resolution.python.flatMap(({ name: of, version, sha256: digest }): [string, string][] =>
      digest === undefined ? [] : [[`${of} ${version}`, digest]],
    ),
  );
  return { layers: found, digests, [Symbol.asyncDispose]: () => held.disposeAsync() };
}

/** The step's tree with what the last install left in it; undefined where it cannot be mounted so. */
export function continuedMounts({ mounts }: Workspace, former: FormerTree): readonly Mount[] | undefined {
  const trees = former.layers.map(({ tree }) => tree);
  const [mount, ...more] = mounts;
  const lower = mount?.options.find((option) => option.startsWith('lowerdir='));
  if (mount === undefined || more.length > 0 || mount.type !== 'overlay' || lower === undefined) return undefined;
  if (trees.some((tree) => /[:,\\\s]/.test(tree))) return undefined;
  const all = `lowerdir=${[...trees, lower.slice('lowerdir='.length)].join(':')}`;
  return [{ ...mount, options: mount.options.map((option) => (option === lower ? all : option)) }];
}

/** The call as it is continued: the newest of everything. */
export function continuedText(text: string, { place }: ToolCall): string {
  const at = place?.args.find((word) => word.text === 'install')?.end ?? 0;
  return `${text.slice(0, at)} --upgrade --upgrade-strategy eager${text.slice(at)}`;
}

/**
 * Makes of what a continued install changed what it would have left from nothing.
 * @returns false if it may have come to something else
 */
export async function completeInstall(
  run: StageRun,
  { workspace, former, installed }: { workspace: Workspace; former: FormerTree; installed: ReadonlySet<string> },
): Promise<boolean> {
  using changed = openRoot(workspace.upper, { links: 'refuse' });
  const fresh = findDistributions(changed, { withFiles: false });
  if (fresh.some(({ name, kind, origin }) => installed.has(name) || kind === 'conda' || origin !== undefined))
    return false;
  const trees = former.layers.map(({ tree }) => tree);
  if (!keepsRequirements(changed, fresh, trees)) return false;
  await using view = await openView(run.build.context, run.state.layers.at(-1));
  using below = openRoot(view.path, { links: 'refuse' });
  await mergeFormer({ changed, below, trees });
  continuations.set(workspace, former.layers);
  return true;
}

/** What the changes in a workspace were continued from. */
const continuations = new WeakMap<Workspace, readonly FormerLayer[]>();

export function continuedFrom(workspace: Workspace): readonly FormerLayer[] {
  return continuations.get(workspace) ?? [];
}

/** Takes away all that a continued install changed. */
export async function forgetChanges({ upper }: Workspace): Promise<void> {
  using root = openRoot(upper, { links: 'refuse' });
  const names = root.readdir('');
  for (const name of names) await removeTree(join(upper, name));
}
