import type { NamedBytes } from '#engine/images/retarget-index.ts';
import { InvalidArgumentError } from '#lib/errors.ts';
import { sha256 } from '#lib/sha256.ts';
import type { Descriptor } from '#oci/descriptor.ts';
import type { ImageConfig } from '#oci/image-config.ts';
import type { Index, Manifest } from '#oci/manifest.ts';
import { MEDIA_TYPES } from '#oci/media-type.ts';
import { formatPlatform, type Platform } from '#oci/platform.ts';
import type { Annotations } from './annotations.ts';

/** An image of one platform, to be put together. */
export interface Part {
  platform: Platform;
  config: ImageConfig;
  /** What stands in the config besides, as its documents have it. */
  extra: Readonly<Record<string, unknown>>;
  layers: readonly Descriptor[];
  /** What is said about it: statements of in-toto, told the digest of the manifest. */
  statements(manifest: Descriptor): readonly Statement[];
}

/** A document that says something about an image (in-toto attestation framework). */
export interface Statement {
  predicateType: string;
  bytes: Buffer;
}

/** The documents of a result; layers are elsewhere. */
export interface Composed {
  /** The one manifest, or the index. With platform and annotations as clients are told of it. */
  root: Descriptor;
  images: readonly ComposedImage[];
  /** Small blobs: configs and statements. */
  blobs: readonly NamedBytes[];
  /** Manifests and the index, children first. */
  manifests: readonly NamedBytes[];
}

export interface ComposedImage {
  platform: Platform;
  manifest: Descriptor;
  document: Manifest;
}

export interface ComposeOptions {
  hasOciTypes: boolean;
  /** An index, even of one image. */
  isIndex: boolean;
  /** Something is said about the images. */
  isAttested: boolean;
  /** What is said is an artifact of OCI 1.1 that names its subject. */
  hasArtifacts: boolean;
  annotations: Annotations;
}

const TYPES = {
  oci: { index: MEDIA_TYPES.ociIndex, manifest: MEDIA_TYPES.ociManifest, config: MEDIA_TYPES.ociConfig },
  docker: { index: MEDIA_TYPES.dockerIndex, manifest: MEDIA_TYPES.dockerManifest, config: MEDIA_TYPES.dockerConfig },
} as const;
const ATTESTATION_TYPE = 'application/vnd.docker.attestation.manifest.v1+json';
const EMPTY_TYPE = 'application/vnd.oci.empty.v1+json';
const STATEMENT_TYPE = 'application/vnd.in-toto+json';
const NO_PLATFORM: Platform = { architecture: 'unknown', os: 'unknown' };

/** Writes the documents of a result. @throws {InvalidArgumentError} for annotations that have no place in it */
export function compose(parts: readonly Part[], options: ComposeOptions): Composed {
  checkAnnotations(parts, options);
  const { annotations } = options;
  const isAnnotated = (['index', 'index-descriptor', 'manifest-descriptor'] as const).some(
    (place) => annotations.of(place) !== undefined,
  );
  const hasOci = options.hasOciTypes || options.isAttested || isAnnotated;
  const types = hasOci ? TYPES.oci : TYPES.docker;
  const blobs: NamedBytes[] = [];
  const manifests: NamedBytes[] = [];
  const images = parts.map((part) => {
    const config = describe(types.config, { ...part.config, ...part.extra });
    const document: Manifest = {
      schemaVersion: 2,
      mediaType: types.manifest,
      config: config.descriptor,
      layers: part.layers.map((layer) => ({ ...layer, mediaType: layerType(layer, hasOci) })),
      ...named(annotations.of('manifest', part.platform)),
    };
    const manifest = describe(types.manifest, document);
    blobs.push(config);
    manifests.push(manifest);
    const descriptor: Descriptor = {
      ...manifest.descriptor,
      ...named(annotations.of('manifest-descriptor', part.platform)),
      platform: ordered(part.platform),
    };
    return { platform: part.platform, manifest: descriptor, document };
  });
  const [only] = images;
  if (!options.isIndex && only !== undefined) return { root: only.manifest, images, blobs, manifests };
  const said = parts.flatMap((part, index) => attest(part, images[index]?.manifest, options));
  for (const attestation of said) {
    blobs.push(...attestation.blobs);
    manifests.push(attestation);
  }
  const index: Index = {
    schemaVersion: 2,
    mediaType: types.index,
    manifests: [...images.map(({ manifest }) => manifest), ...said.map(({ descriptor }) => descriptor)],
    ...named(options.annotations.of('index')),
  };
  const made = describe(types.index, index);
  manifests.push(made);
  return {
    root: { ...made.descriptor, ...named(options.annotations.of('index-descriptor')) },
    images,
    blobs,
    manifests,
  };
}

function checkAnnotations(parts: readonly Part[], { isIndex, annotations }: ComposeOptions): void {
  const own = parts.map(({ platform }) => formatPlatform(platform));
  const foreign = annotations.platforms.find((platform) => !own.includes(platform));
  if (foreign !== undefined)
    throw new InvalidArgumentError(`invalid annotation: no platform ${foreign} found in source`, {
      why: `the build is for ${own.join(', ')}`,
      hint: 'name one of these in the brackets, or leave them out',
    });
  if (isIndex || (annotations.of('index') ?? annotations.of('index-descriptor')) === undefined) return;
  throw new InvalidArgumentError('index annotations not supported for single platform export', {
    why: 'the result is one manifest, in no index',
    hint: 'annotate the manifest, or build with attestations or for several platforms',
  });
}

/** The manifest of what is said about an image; undefined if nothing is. */
function attest(
  part: Part,
  subject: Descriptor | undefined,
  { hasArtifacts }: ComposeOptions,
): (NamedBytes & { blobs: NamedBytes[] })[] {
  const statements = subject === undefined ? [] : part.statements(subject);
  if (subject === undefined || statements.length === 0) return [];
  const layers = statements.map(({ predicateType, bytes }): NamedBytes => {
    const annotations = { 'in-toto.io/predicate-type': predicateType };
    return {
      descriptor: { mediaType: STATEMENT_TYPE, digest: sha256(bytes), size: bytes.length, annotations },
      bytes,
    };
  });
  const diffIds = layers.map(({ descriptor }) => descriptor.digest);
  const config = hasArtifacts
    ? describe(EMPTY_TYPE, {})
    : describe(TYPES.oci.config, { ...NO_PLATFORM, config: {}, rootfs: { type: 'layers', diff_ids: diffIds } });
  const manifest = describe(TYPES.oci.manifest, {
    schemaVersion: 2,
    mediaType: TYPES.oci.manifest,
    ...(hasArtifacts && { artifactType: ATTESTATION_TYPE }),
    config: config.descriptor,
    layers: layers.map(({ descriptor }) => descriptor),
    ...(hasArtifacts && { subject: { mediaType: subject.mediaType, digest: subject.digest, size: subject.size } }),
  } satisfies Manifest);
  const annotations = {
    'vnd.docker.reference.digest': subject.digest,
    'vnd.docker.reference.type': 'attestation-manifest',
  };
  const type = hasArtifacts ? { artifactType: ATTESTATION_TYPE } : {};
  const descriptor = { ...manifest.descriptor, annotations, platform: NO_PLATFORM, ...type };
  return [{ descriptor, bytes: manifest.bytes, blobs: [...layers, config] }];
}

const LAYER_TYPES: readonly (readonly [oci: string, docker: string])[] = [
  [MEDIA_TYPES.ociLayer, MEDIA_TYPES.dockerLayer],
  [MEDIA_TYPES.ociLayerGzip, MEDIA_TYPES.dockerLayerGzip],
  [MEDIA_TYPES.ociLayerZstd, `${MEDIA_TYPES.dockerLayer}.zstd`],
];

/** All documents of a result are of one family. */
function layerType({ mediaType }: Descriptor, hasOci: boolean): string {
  const types = LAYER_TYPES.find((both) => both.includes(mediaType));
  return types?.[hasOci ? 0 : 1] ?? mediaType;
}

/** In the order of the specification. */
function ordered({ architecture, os, ...more }: Platform): Platform {
  return { architecture, os, ...more };
}

function named(annotations: Record<string, string> | undefined): { annotations?: Record<string, string> } {
  return annotations === undefined ? {} : { annotations };
}

function describe(mediaType: string, document: object): NamedBytes {
  const bytes = Buffer.from(JSON.stringify(document));
  return { descriptor: { mediaType, digest: sha256(bytes), size: bytes.length }, bytes };
}
