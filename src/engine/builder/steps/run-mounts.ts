import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type MountFlag, parseMountFlag } from '#dockerfile/mount-flag.ts';
import { InvalidArgumentError, NotImplementedError } from '#lib/errors.ts';
import { openRoot } from '#lib/files/open-root.ts';
import { sha256 } from '#lib/sha256.ts';
import type { StageRun } from '../build-run.ts';
import type { StepInput } from './step.ts';
import { resolveWorkdir } from './config-step.ts';
import { openFrom } from '../sources/open-from.ts';
import { digestSource, findSources } from '../sources/source-tree.ts';

/** What `RUN --mount` adds; let go when the step is over. */
export interface RunMounts extends AsyncDisposable {
  list: { source: string; destination: string; options: string[] }[];
  /** What of it the result depends on. */
  inputs: StepInput[];
}

/** @throws {InvalidArgumentError} {NotImplementedError} for what needs a session with the client */
export async function openRunMounts(run: StageRun, flags: readonly string[]): Promise<RunMounts> {
  await using resources = new AsyncDisposableStack();
  const mounts: Pick<RunMounts, 'list' | 'inputs'> = { list: [], inputs: [] };
  const parsed = flags.map((text) => parseMountFlag(run.state.scope.expand(text)));
  for (const folder of lockedCaches(run, parsed)) resources.use(await run.build.context.steps.acquire(folder));
  for (const flag of parsed) {
    const opened = await openMount({ run, resources }, flag);
    if (opened === undefined) continue;
    const { source, identity } = opened;
    const destination = resolveWorkdir(run.state.config.WorkingDir, targetOf(flag));
    mounts.list.push({ source, destination, options: flag.readOnly ? ['ro'] : [] });
    mounts.inputs.push({ name: `mount ${destination}`, value: [flag.type, identity] });
  }
  const held = resources.move();
  return { ...mounts, [Symbol.asyncDispose]: () => held.disposeAsync() };
}

function targetOf({ type, target }: MountFlag): string {
  if (target === '') throw new InvalidArgumentError(`RUN --mount=type=${type} needs a target`);
  return target;
}

/** Caches that one step at a time may use: taken in one order, so that no two builds wait for each other. */
function lockedCaches(run: StageRun, flags: readonly MountFlag[]): string[] {
  const locked = flags.filter(
    ({ type, sharing }) => type === 'cache' && (sharing === 'locked' || sharing === 'private'),
  );
  return [...new Set(locked.map((flag) => cacheFolder(run, flag)))].toSorted();
}

function cacheFolder({ build }: StageRun, flag: MountFlag): string {
  const name = sha256(flag.id === '' ? targetOf(flag) : flag.id).slice('sha256:'.length);
  return join(build.context.root, 'caches', name.slice(0, 32));
}

interface Opening {
  run: StageRun;
  resources: AsyncDisposableStack;
}

async function openMount(
  opening: Opening,
  flag: MountFlag,
): Promise<{ source: string; identity: unknown } | undefined> {
  const { files } = opening.run.build;
  if (flag.type === 'bind') return openBind(opening, flag);
  if (flag.type === 'cache') {
    if (flag.from !== '') throw new NotImplementedError('RUN --mount=type=cache with from is not supported');
    const folder = cacheFolder(opening.run, flag);
    await mkdir(folder, { recursive: true, mode: flag.mode ?? 0o755 });
    return { source: folder, identity: flag.id };
  }
  if (flag.type === 'tmpfs') {
    const folder = await mkdtemp(join(files.scratch, 'tmpfs-'));
    opening.resources.defer(() => rm(folder, { recursive: true, force: true }));
    return { source: folder, identity: '' };
  }
  if (flag.required)
    throw new NotImplementedError(`RUN --mount=type=${flag.type} needs BuildKit, which this engine does not offer`);
  return undefined;
}

/** Files of the context, a stage or an image. They are read only: what a step would write there is not kept anyway. */
async function openBind({ run, resources }: Opening, flag: MountFlag): Promise<{ source: string; identity: unknown }> {
  const { signal, files } = run.build;
  const from = flag.from === '' ? { tree: await files.context() } : resources.use(await openFrom(run, flag.from));
  const [source] = findSources(from.tree, flag.source === '' ? '.' : flag.source, []);
  if (source === undefined) throw new InvalidArgumentError(`RUN --mount: ${flag.source} is not there`);
  using root = openRoot(from.tree.root.path);
  const path = join(from.tree.root.path, root.resolveInRoot(source.path, { follow: true }));
  flag.readOnly = true;
  return { source: path, identity: await digestSource(from.tree, source, { withOwner: true, signal }) };
}
