import { compressLayer } from '#engine/images/compress-layer.ts';
import { packTree } from '#engine/snapshots/tree/pack-tree.ts';
import { openRoot } from '#lib/files/open-root.ts';
import { MEDIA_TYPES } from '#oci/media-type.ts';
import type { ImportedMount } from './build-cache.ts';
import type { CachedMount } from './cache-config.ts';
import { type CacheWriting, send, spool } from './write-blob.ts';

/** Quick to make: their content is mostly compressed already. */
const COMPRESSION = { kind: 'zstd', level: 1 } as const;

/** A step of another build may take hours. */
const PATIENCE_MS = 20_000;

/** Writes the cache mounts that a build has used, one of each name, and hands on those that it imported and had no use for. */
export async function writeMounts(
  writing: CacheWriting,
  { ref, imported }: { ref: string; imported: readonly ImportedMount[] },
): Promise<CachedMount[]> {
  const { signal, scratch, context, vertex } = writing;
  const mounts = new Map<string, CachedMount>();
  for (const { folder, id } of context.cacheMounts.usedBy(ref)) {
    if (mounts.has(id)) continue;
    const free = await whenFree(writing, folder);
    if (free === 'busy') vertex.note(`[Warning] the cache mount ${id} is left out: another build uses it`);
    if (free === 'busy' || free === undefined) continue;
    await using held = free;
    using root = openRoot(held.path);
    const tar = packTree(root, '', { signal });
    await using spooled = await spool(scratch, compressLayer(tar, COMPRESSION, { signal }));
    const { digest, size } = spooled;
    const blob = { mediaType: MEDIA_TYPES.ociLayerZstd, digest, size, annotations: { 'berth.cache-mount': id } };
    mounts.set(id, { id, blob: await send(writing, blob, spooled.open) });
  }
  for (const { id, blob, open } of imported) {
    if (mounts.has(id)) continue;
    await send(writing, blob, open);
    mounts.set(id, { id, blob });
  }
  return [...mounts.values()];
}

/** Nobody else may change it while it is read. */
async function whenFree(
  { context, signal }: CacheWriting,
  folder: string,
): Promise<({ path: string } & AsyncDisposable) | 'busy' | undefined> {
  const patience = AbortSignal.timeout(PATIENCE_MS);
  try {
    return await context.cacheMounts.hold(folder, AbortSignal.any([signal, patience]));
  } catch (error) {
    if (signal.aborted || !patience.aborted) throw error;
    return 'busy';
  }
}
