import type { Change } from '#engine/snapshots/snapshotter.ts';
import { INIT } from './build-spec.ts';
import type { Context } from './context.ts';
import type { ContainerRecord } from './record.ts';

/** What is made in every tree to be mounted on. */
const MOUNT_POINTS = ['/dev', '/proc', '/sys', '/etc/hosts', '/etc/hostname', '/etc/resolv.conf', '/run/berth', INIT];

/** What a container changed in its own files, sorted by path. @throws {NotFoundError} */
export async function containerChanges(context: Context, name: string): Promise<Change[]> {
  const record = context.records.find(name);
  const changes = await Array.fromAsync(context.snapshots.changes(record.id));
  return withoutMountPoints(changes, record.mounts);
}

/** Leaves out the places that mounts needed, and folders that changed by nothing else. */
export function withoutMountPoints(changes: readonly Change[], mounts: ContainerRecord['mounts']): Change[] {
  const points = [...MOUNT_POINTS, ...mounts.map(({ destination }) => destination)];
  const isPoint = (path: string): boolean => points.some((point) => path === point || path.startsWith(`${point}/`));
  const isAbove = (path: string): boolean => points.some((point) => point.startsWith(`${path}/`));
  const own = changes.filter(({ path }) => !isPoint(path));
  // A folder above a mount point counts when something else below it changed, too.
  return own.filter(
    ({ path, kind }) =>
      kind === 'deleted' ||
      !isAbove(path) ||
      own.some((other) => other.path.startsWith(`${path}/`) && !isAbove(other.path)),
  );
}
