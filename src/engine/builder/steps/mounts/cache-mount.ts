import { cleanPath } from '#dockerfile/clean-path.ts';
import type { MountFlag } from '#dockerfile/mount-flag.ts';
import type { StageRun } from '../../build-run.ts';
import type { CacheMountAsk, CacheSeed } from '../../cache/cache-mounts.ts';
import { findSources } from '../../sources/find-sources.ts';
import { type BindSource, findBindSource } from './bind-mount.ts';
import { writeInto } from './copy-source.ts';

/** Build argument that sets the caches of a build apart from those of others. */
const NAMESPACE = 'BUILDKIT_CACHE_MOUNT_NS';

/** What a mount of type cache asks for. What it begins with is opened, and gone with `resources`. */
export async function planCache(
  run: StageRun,
  ...[flag, resources]: [flag: MountFlag, resources: AsyncDisposableStack]
): Promise<CacheMountAsk> {
  const { mode, uid, gid } = flag;
  const name = flag.id === '' ? cleanPath(flag.target) : flag.id;
  const namespace = run.build.request.buildArgs.get(NAMESPACE) ?? '';
  const id = namespace === '' ? name : `${namespace}/${name}`;
  const seed = flag.from === '' ? undefined : seedOf(run, await findBindSource(run, flag, resources));
  return {
    id,
    sharing: flag.sharing === '' ? 'shared' : flag.sharing,
    mode,
    uid,
    gid,
    seed,
    description: `cached mount ${cleanPath(flag.target)} from exec ${run.vertex.facts.name} with id ${JSON.stringify(id)}`,
  };
}

function seedOf(run: StageRun, { opened, source, identity }: BindSource): CacheSeed {
  const { tree } = opened;
  const { signal } = run.build;
  return {
    identity,
    async fill(folder) {
      const found = source === undefined ? findSources(tree, '.', []) : [source];
      for (const one of found) await writeInto(folder, { tree, source: one }, signal);
    },
  };
}
