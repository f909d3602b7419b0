import type { SnapshotName, Snapshotter } from '#engine/snapshots/snapshotter.ts';
import { ConflictError } from '#lib/errors.ts';
import { createKeyedLock } from '#lib/keyed-lock.ts';
import type { Digest } from '#oci/digest.ts';

const locks = createKeyedLock();

/** Gives a committed snapshot its diffId: the tar of what it changes is made and hashed, and not kept. Done before, nothing is done again. */
export async function sealLayer(snapshots: Snapshotter, name: SnapshotName): Promise<Digest> {
  using _ = await locks.acquire(name);
  const { kind, diffId } = await snapshots.stat(name);
  if (kind !== 'committed') throw new ConflictError(`snapshot ${name} is not committed`);
  if (diffId !== undefined) return diffId;
  const sealed = await snapshots.hash(name);
  await snapshots.seal(name, sealed);
  return sealed.diffId;
}
