import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import type { Descriptor } from '#oci/descriptor.ts';
import { MEDIA_TYPES } from '#oci/media-type.ts';
import { digestOf } from '#registry/client/fake-registry.ts';
import { hostPlatform } from './host-platform.ts';

/** A layer as a tar: one file with this name, and noise. */
export async function layerTar(name: string): Promise<Buffer> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'layer-'));
  await writeFile(join(folder.path, name), randomBytes(200_000));
  await writeFile(join(folder.path, `${name}.text`), 'text '.repeat(50_000));
  return execFileSync('tar', ['-C', folder.path, '--owner=0', '--group=0', '-cf', '-', name, `${name}.text`], {
    maxBuffer: 1e8,
  });
}

interface Layer {
  tar: Buffer;
  blob: Buffer;
  mediaType: string;
}

/** An image as blobs, its layers compressed in these ways. */
export async function makeImage(
  kinds: readonly ('gzip' | 'zstd' | 'none')[],
): Promise<{ blobs: Map<string, Buffer>; root: Descriptor; bytes: Buffer; diffIds: string[] }> {
  const layers: Layer[] = [];
  for (const [index, kind] of kinds.entries()) {
    const tar = await layerTar(`file${index}`);
    const blob = { gzip: () => gzipSync(tar), zstd: () => zstdCompressSync(tar), none: () => tar }[kind]();
    const mediaType = { gzip: MEDIA_TYPES.ociLayerGzip, zstd: MEDIA_TYPES.ociLayerZstd, none: MEDIA_TYPES.ociLayer }[
      kind
    ];
    layers.push({ tar, blob, mediaType });
  }
  const diffIds = layers.map(({ tar }) => digestOf(tar));
  const config = Buffer.from(
    JSON.stringify({ ...hostPlatform(), unknownField: [1], rootfs: { type: 'layers', diff_ids: diffIds } }),
  );
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MEDIA_TYPES.ociManifest,
      config: { mediaType: MEDIA_TYPES.ociConfig, digest: digestOf(config), size: config.length },
      layers: layers.map(({ blob, mediaType }) => ({ mediaType, digest: digestOf(blob), size: blob.length })),
    }),
  );
  const blobs = new Map([config, ...layers.map(({ blob }) => blob)].map((blob) => [digestOf(blob), blob]));
  return {
    blobs,
    bytes,
    diffIds,
    root: { mediaType: MEDIA_TYPES.ociManifest, digest: digestOf(bytes), size: bytes.length },
  };
}

/** An image that a test made. */
export type Made = Awaited<ReturnType<typeof makeImage>>;
