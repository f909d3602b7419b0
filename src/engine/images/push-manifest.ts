import { sha256 } from '#lib/sha256.ts';
import { chainIds } from '#oci/chain-id.ts';
import type { Descriptor } from '#oci/descriptor.ts';
import type { Digest } from '#oci/digest.ts';
import type { Manifest } from '#oci/manifest.ts';
import type { Repository } from '#registry/client/registry.ts';
import type { ImagesContext } from './context.ts';
import { pushLayer } from './push-layer.ts';
import type { PushReport } from './push-report.ts';

/** A push on its way. */
export interface Push {
  context: ImagesContext;
  repository: Repository;
  report: PushReport;
  /** Ends what is on its way. */
  cancel: AbortController;
}

/** A manifest with what is known of it here. */
export interface ManifestToPush {
  descriptor: Descriptor;
  bytes: Buffer;
  document: Manifest;
  diffIds: readonly Digest[];
}

/** A manifest, index or small blob as a registry has it. */
export interface PushedDocument {
  descriptor: Descriptor;
  bytes: Buffer;
}

const CONCURRENCY = 5;

/**
 * Sends the layers and the config of an image, not its manifest.
 * @param sources repositories of the same registry that may have its layers
 * @returns the manifest with the layers as the registry has them
 */
export async function pushManifest(
  push: Push,
  { descriptor, bytes, document, diffIds }: ManifestToPush,
  sources: readonly string[],
): Promise<PushedDocument> {
  for (const diffId of diffIds) push.report.layer(diffId, 'Preparing');
  const layers = await pushLayers(push, { document, diffIds }, sources);
  await pushConfig(push, document.config);
  if (layers.every(({ digest }, index) => digest === document.layers[index]?.digest)) return { descriptor, bytes };
  const changed = Buffer.from(JSON.stringify({ ...document, layers } satisfies Manifest));
  return { descriptor: { ...descriptor, digest: sha256(changed), size: changed.length }, bytes: changed };
}

async function pushConfig({ context, repository }: Push, { digest }: Descriptor): Promise<void> {
  if ((await repository.headBlob(digest)) !== undefined) return;
  await repository.uploadBlob({ open: async () => context.content.read(digest), digest: () => digest });
}

/** Sends a small blob that is no layer. */
export async function pushBytes({ repository }: Pick<Push, 'repository'>, blob: PushedDocument): Promise<void> {
  const { digest } = blob.descriptor;
  if ((await repository.headBlob(digest)) !== undefined) return;
  await repository.uploadBlob({ open: () => once(blob.bytes), digest: () => digest });
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** From the bottom, several at a time; the answer has the order of the manifest. The first failure ends the others and is thrown after them. */
async function pushLayers(
  { context, repository, report, cancel }: Push,
  { document, diffIds }: Pick<ManifestToPush, 'document' | 'diffIds'>,
  sources: readonly string[],
): Promise<Descriptor[]> {
  const { signal } = cancel;
  const sent = new Map<Digest, Promise<Descriptor>>();
  const done: Descriptor[] = [];
  const chain = chainIds(diffIds);
  const waiting = diffIds.map((diffId, index) => ({ diffId, name: chain[index] ?? diffId, index }));
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { diffId, name, index } = next;
      signal.throwIfAborted();
      const known = document.layers[index] as Descriptor;
      const pushed =
        sent.get(diffId) ??
        pushLayer({ places: context, repository, report }, { diffId, name, known, sources }, { signal });
      sent.set(diffId, pushed);
      done[index] = await pushed;
    }
  };
  const failures: unknown[] = [];
  const failed = (error: unknown): void => {
    failures.push(error);
    cancel.abort(error);
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, async () => worker().catch(failed)));
  if (failures.length > 0) throw failures[0];
  return done;
}
