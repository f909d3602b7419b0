import { cleanPath } from '#dockerfile/clean-path.ts';
import type { MountFlag } from '#dockerfile/mount-flag.ts';
import type { StageRun } from '../../build-run.ts';
import type { CacheMountAsk, CacheSeed, CacheSharing } from '../../cache/cache-mounts.ts';
import { findSources } from '../../sources/find-sources.ts';
import { type BindPlan, type BindSource, planBind } from './bind-mount.ts';
import { writeInto } from './copy-source.ts';

/** Build argument that sets the caches of a build apart from those of others. */
const NAMESPACE = 'BUILDKIT_CACHE_MOUNT_NS';

/** A cache that a step is given. */
export interface CachePlan {
  id: string;
  sharing: CacheSharing;
  mode: number | undefined;
  uid: number | undefined;
  gid: number | undefined;
  /** What a new one begins with. */
  seed: BindPlan | undefined;
  description: string;
}

/** What a mount of type cache asks for. */
export async function planCache(
  run: StageRun,
  ...[flag, resources]: [flag: MountFlag, resources: AsyncDisposableStack]
): Promise<CachePlan> {
  const { mode, uid, gid } = flag;
  const name = flag.id === '' ? cleanPath(flag.target) : flag.id;
  const namespace = run.build.request.buildArgs.get(NAMESPACE) ?? '';
  const id = namespace === '' ? name : `${namespace}/${name}`;
  const seed = flag.from === '' ? undefined : await planBind(run, flag, resources);
  const sharing = flag.sharing === '' ? 'shared' : flag.sharing;
  const description = `cached mount ${cleanPath(flag.target)} from exec ${run.vertex.facts.name} with id ${JSON.stringify(id)}`;
  return { id, sharing, mode, uid, gid, seed, description };
}

/** What the folder is asked for by, once it is known what a new one begins with. */
export async function cacheAsk({ build }: StageRun, { seed, ...plan }: CachePlan): Promise<CacheMountAsk> {
  return seed === undefined ? plan : { ...plan, seed: seedOf(await seed.find(), build.signal) };
}

function seedOf({ opened, source, identity }: BindSource, signal: AbortSignal): CacheSeed {
  const { tree } = opened;
  return {
    identity,
    async fill(folder) {
      const found = source === undefined ? findSources(tree, '.', []) : [source];
      for (const one of found) await writeInto(folder, { tree, source: one }, signal);
    },
  };
}
