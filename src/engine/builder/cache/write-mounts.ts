import { compressLayer } from '#engine/images/compress-layer.ts';
import { packTree } from '#engine/snapshots/tree/pack-tree.ts';
import { openRoot } from '#lib/files/open-root.ts';
import { MEDIA_TYPES } from '#oci/media-type.ts';
import type { CachedMount } from './cache-config.ts';
import { type CacheWriting, send, spool } from './write-blob.ts';

/** Quick to make: their content is mostly compressed already. */
const COMPRESSION = { kind: 'zstd', level: 1 } as const;

/** Writes the cache mounts that a build has used, one of each name. */
export async function writeMounts(writing: CacheWriting, ref: string): Promise<CachedMount[]> {
  const { context, signal, scratch } = writing;
  const mounts = new Map<string, CachedMount>();
  for (const { folder, id } of context.cacheMounts.usedBy(ref)) {
    if (mounts.has(id)) continue;
    await using held = await context.cacheMounts.hold(folder, signal);
    if (held === undefined) continue;
    using root = openRoot(held.path);
    const tar = packTree(root, '', { signal });
    await using spooled = await spool(scratch, compressLayer(tar, COMPRESSION, { signal }));
    const { digest, size } = spooled;
    const blob = { mediaType: MEDIA_TYPES.ociLayerZstd, digest, size, annotations: { 'berth.cache-mount': id } };
    mounts.set(id, { id, blob: await send(writing, blob, spooled.open) });
  }
  return [...mounts.values()];
}
