import type { ContentStore } from '#engine/content/store.ts';
import { sha256 } from '#lib/sha256.ts';
import type { Descriptor } from '#oci/descriptor.ts';
import { type Digest, hexOf } from '#oci/digest.ts';
import type { Index, Manifest } from '#oci/manifest.ts';
import type { IndexChild, LocalIndex } from './local-index.ts';

/** A manifest, an index, a config or a statement. */
export interface NamedBytes {
  descriptor: Descriptor;
  bytes: Buffer;
}

/** What is said about an image: its manifest, with the blobs that names. */
export interface Attestation extends NamedBytes {
  blobs: readonly NamedBytes[];
}

export interface RetargetedIndex extends NamedBytes {
  attestations: readonly Attestation[];
}

/**
 * An index whose images have other manifests, because their layers are compressed in another way: what is said about them follows.
 * @param images manifests by the digest that they have in the index
 */
export async function retargetIndex(
  content: ContentStore,
  { descriptor, bytes, document, children }: LocalIndex,
  images: ReadonlyMap<Digest, Descriptor>,
): Promise<RetargetedIndex> {
  const named = new Map(images);
  const attestations: Attestation[] = [];
  for (const child of children) {
    if (child.diffIds !== undefined) continue;
    const made = await retarget(content, child, images);
    attestations.push(made);
    named.set(child.descriptor.digest, made.descriptor);
  }
  if ([...named].every(([digest, after]) => digest === after.digest)) return { descriptor, bytes, attestations };
  const manifests = document.manifests.map((child) => named.get(child.digest) ?? child);
  const changed = Buffer.from(JSON.stringify({ ...document, manifests } satisfies Index));
  return { ...describe(descriptor, changed), attestations };
}

const SUBJECT = 'vnd.docker.reference.digest';

/** What it says names the image's manifest by its digest. */
async function retarget(
  content: ContentStore,
  { descriptor, bytes, document }: IndexChild,
  images: ReadonlyMap<Digest, Descriptor>,
): Promise<Attestation> {
  const before = descriptor.annotations?.[SUBJECT] as Digest | undefined;
  const after = before === undefined ? undefined : images.get(before)?.digest;
  const read = async (blob: Descriptor): Promise<NamedBytes> => ({
    descriptor: blob,
    bytes: Buffer.concat(await Array.fromAsync(await content.read(blob.digest))),
  });
  const config = await read(document.config);
  const statements = await Promise.all(document.layers.map(read));
  if (before === undefined || after === undefined || after === before)
    return { descriptor, bytes, blobs: [...statements, config] };
  const changed = statements.map((statement) =>
    describe(statement.descriptor, Buffer.from(statement.bytes.toString().replaceAll(hexOf(before), hexOf(after)))),
  );
  let text = config.bytes.toString();
  for (const [index, statement] of statements.entries())
    text = text.replaceAll(statement.descriptor.digest, changed[index]?.descriptor.digest ?? '');
  const made = describe(config.descriptor, Buffer.from(text));
  const layers = changed.map((statement) => statement.descriptor);
  const { mediaType, size } = images.get(before) ?? document.config;
  const subject = document.subject === undefined ? {} : { subject: { mediaType, digest: after, size } };
  const next: Manifest = { ...document, config: made.descriptor, layers, ...subject };
  const manifest = Buffer.from(JSON.stringify(next));
  const annotations = { ...descriptor.annotations, [SUBJECT]: after };
  return { ...describe({ ...descriptor, annotations }, manifest), blobs: [...changed, made] };
}

function describe(descriptor: Descriptor, bytes: Buffer): NamedBytes {
  return { descriptor: { ...descriptor, digest: sha256(bytes), size: bytes.length }, bytes };
}
