import { createHash } from 'node:crypto';
import type { ImageRecord } from '#engine/images/records.ts';
import { parseImageConfig, readDocument } from '#engine/images/read-document.ts';
import { sha256 } from '#lib/sha256.ts';
import { chainIds } from '#oci/chain-id.ts';
import type { Digest } from '#oci/digest.ts';
import { isIndex, parseManifestOrIndex } from '#oci/manifest.ts';
import { type Check, type Step, tell } from './check.ts';

const AGAIN = 'load, pull or build the image again';

/** Every image's documents against their digests, and what they name against what is there. */
export async function* checkImages(check: Check): AsyncGenerator<Step> {
  yield { phase: 'images' };
  const { records } = check.deps.images.context;
  for (const record of records.list()) {
    check.options.signal?.throwIfAborted();
    const isWhole = yield* checkDocuments(check, record);
    if (isWhole) yield* checkLayersOf(check, record);
  }
  yield* checkOtherDocuments(check);
}

/** @returns whether manifest and config can be used */
async function* checkDocuments(check: Check, record: ImageRecord): AsyncGenerator<Step, boolean> {
  const { content, images } = check.deps;
  const name = check.uses.nameOf(record.id);
  const digests = new Set([record.root.digest, record.manifest.digest, record.id]);
  for (const digest of digests) {
    const fault = await documentFault(check, digest);
    if (fault === undefined) continue;
    // Removed by somebody while this went on.
    if (images.context.records.find(record.id) === undefined) return false;
    yield await tell(
      check,
      {
        kind: 'image-document',
        subject: digest,
        what: `image ${name} is not whole: a document of it cannot be used`,
        why: `${digest} ${fault}`,
        fix: `run \`berth fsck --repair\`, then ${AGAIN}`,
        images: [name],
      },
      async () => {
        images.context.records.remove(record.id);
        images.context.documents.delete(record.id);
        await content.remove(digest);
        return `the image is no longer listed; ${AGAIN}`;
      },
    );
    return false;
  }
  return true;
}

/** What is wrong with a document; undefined if nothing is. */
async function documentFault({ deps }: Check, digest: Digest): Promise<string | undefined> {
  try {
    const bytes = await readDocument(deps.content, digest);
    const seen = sha256(bytes);
    return seen === digest ? undefined : `has other bytes: they hash to ${seen}`;
  } catch (error) {
    return `cannot be read: ${error instanceof Error ? error.message : String(error)}`;
  }
}

async function* checkLayersOf(check: Check, record: ImageRecord): AsyncGenerator<Step> {
  const { content, snapshots, layers, images } = check.deps;
  const name = check.uses.nameOf(record.id);
  const manifest = parseManifestOrIndex(await readDocument(content, record.manifest.digest));
  const { rootfs } = parseImageConfig(await readDocument(content, record.id));
  const faults: string[] = [];
  if (!isIndex(manifest) && manifest.layers.length !== rootfs.diff_ids.length)
    faults.push(`its manifest has ${manifest.layers.length} layers, its config ${rootfs.diff_ids.length}`);
  const chain = chainIds(rootfs.diff_ids);
  for (const [index, diffId] of rootfs.diff_ids.entries()) {
    const snapshot = await snapshots.stat(chain[index] ?? '').catch(() => undefined);
    if (snapshot === undefined) faults.push(`the tree of layer ${diffId} is missing`);
    // A layer that a build made is a folder until somebody asks for its bytes.
    else if (snapshot.form === 'layer' && !layers.has(diffId)) {
      const state = layers.find(diffId)?.state ?? 'missing';
      // Being hashed again after a power cut: not listed, and not known to be broken.
      if (state === 'unproven') return;
      faults.push(`layer ${diffId} is ${state}`);
    }
  }
  const [first] = faults;
  if (first === undefined || images.context.records.find(record.id) === undefined) return;
  yield await tell(
    check,
    {
      kind: 'image-layer',
      subject: record.id,
      what: `image ${name} is not whole`,
      why: faults.length === 1 ? first : `${first}, and ${faults.length - 1} more faults`,
      fix: `run \`berth fsck --repair\`, then ${AGAIN}`,
      images: [name],
    },
    () => {
      images.context.records.remove(record.id);
      images.context.documents.delete(record.id);
      return `the image is no longer listed; ${AGAIN}`;
    },
  );
}

/** Documents that no image names: other platforms of an index, and what is about to be removed. */
async function* checkOtherDocuments(check: Check): AsyncGenerator<Step> {
  const { content, images } = check.deps;
  const known = new Set(images.context.records.list().flatMap(({ id, root, manifest }) => [id, root.digest, manifest.digest])); // prettier-ignore
  for (const { digest, size } of await content.list()) {
    if (known.has(digest)) continue;
    if (check.options.fast) continue;
    const seen = await hashOf(check, digest).catch(() => undefined);
    yield { read: size };
    if (seen === undefined || seen === digest) continue;
    yield await tell(
      check,
      {
        kind: 'image-document',
        subject: digest,
        what: 'a document that no image here uses is damaged',
        why: `its bytes hash to ${seen}`,
        fix: 'run `berth fsck --repair`, which removes it',
      },
      async () => {
        await content.remove(digest);
        return 'it was removed';
      },
    );
  }
}

async function hashOf({ deps }: Check, digest: Digest): Promise<Digest> {
  const hash = createHash('sha256');
  for await (const chunk of await deps.content.read(digest)) hash.update(chunk);
  return `sha256:${hash.digest('hex')}`;
}
