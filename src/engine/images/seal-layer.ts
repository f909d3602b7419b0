import type { SnapshotName } from '#engine/snapshots/snapshotter.ts';
import { ConflictError, DataLossError } from '#lib/errors.ts';
import { createKeyedLock } from '#lib/keyed-lock.ts';
import type { Digest } from '#oci/digest.ts';
import type { ImagesContext } from './context.ts';
import { LAYER_LIMIT_BYTES } from './limits.ts';

const locks = createKeyedLock();

/**
 * Gives a committed snapshot its diffId: what it changes is written as a tar, hashed and kept. Done before, nothing is done again.
 * @throws {DataLossError} if its tar is gone and cannot be made with the same bytes
 */
export async function sealLayer(
  { snapshots, content }: Pick<ImagesContext, 'snapshots' | 'content'>,
  name: SnapshotName,
  { signal }: { signal?: AbortSignal | undefined } = {},
): Promise<Digest> {
  using _ = await locks.acquire(name);
  const { kind, diffId } = await snapshots.stat(name);
  if (kind !== 'committed') throw new ConflictError(`snapshot ${name} is not committed`);
  if (diffId !== undefined && (await content.has(diffId))) return diffId;
  await using tar = await content.ingest(snapshots.diff(name), { limitBytes: LAYER_LIMIT_BYTES, signal });
  if (diffId !== undefined && diffId !== tar.digest)
    throw new DataLossError(`layer ${diffId} is gone`, { hint: 'pull, load or build its image again' });
  await tar.commit();
  await snapshots.seal(name, tar.digest);
  return tar.digest;
}
