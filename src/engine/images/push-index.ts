import type { Descriptor } from '#oci/descriptor.ts';
import type { Digest } from '#oci/digest.ts';
import type { LocalIndex } from './local-index.ts';
import { type Push, pushBytes, type PushedDocument, pushManifest } from './push-manifest.ts';
import { retargetIndex } from './retarget-index.ts';

/** The index as the registry has it. */
export interface PushedIndex extends PushedDocument {
  /** Its images' manifests there, by the digests that they have here. */
  images: ReadonlyMap<Digest, Descriptor>;
  /** All that came to be on the way, itself as well. */
  documents: readonly PushedDocument[];
}

/** Sends an index with all that is below it; the tag moves when everything is there. */
export async function pushIndex(
  push: Push,
  index: LocalIndex,
  { reference, sources }: { reference: string | undefined; sources: readonly string[] },
): Promise<PushedIndex> {
  const { repository, context } = push;
  const documents: PushedDocument[] = [];
  const images = new Map<Digest, Descriptor>();
  const put = async (document: PushedDocument, name: string): Promise<void> => {
    const { bytes, descriptor } = document;
    await repository.putManifest({ bytes, descriptor, reference: name });
    documents.push(document);
  };
  for (const child of index.children) {
    if (child.diffIds === undefined) continue;
    const pushed = await pushManifest(push, { ...child, diffIds: child.diffIds }, sources);
    await put(pushed, pushed.descriptor.digest);
    images.set(child.descriptor.digest, pushed.descriptor);
  }
  const { attestations, descriptor, bytes } = await retargetIndex(context.content, index, images);
  for (const attestation of attestations) {
    for (const blob of attestation.blobs) await pushBytes(push, blob);
    documents.push(...attestation.blobs);
    await put(attestation, attestation.descriptor.digest);
  }
  await put({ descriptor, bytes }, reference ?? descriptor.digest);
  return { descriptor, bytes, images, documents };
}
