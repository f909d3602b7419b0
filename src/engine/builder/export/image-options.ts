import type { Compression } from '#engine/images/compress-layer.ts';
import { InvalidArgumentError, NotImplementedError } from '#lib/errors.ts';
import { canonicalName, parseReference, type Reference, withDefaultTag } from '#oci/reference.ts';
import { type Annotations, parseAnnotations } from './annotations.ts';
import { flagOf, numberOf } from './attributes.ts';
import type { OutputSpec } from './output-spec.ts';

/** What an output says of the image that is delivered. */
export interface ImageOptions {
  names: readonly Reference[];
  /** Media types of OCI, not those of Docker. */
  hasOciTypes: boolean;
  /** Plain tars if undefined. */
  compression: Compression | undefined;
  /** Layers of the base are compressed anew as well. */
  isForced: boolean;
  /** Files that are newer than the point in time that the build is for get that. */
  rewritesTimes: boolean;
  /** Seconds since epoch; that of the build if undefined. */
  epoch: number | undefined;
  annotations: Annotations;
  /** What is said about images is written as artifacts of OCI 1.1. */
  hasArtifacts: boolean;
}

/** What only images in a store or registry know. */
export interface StoreOptions {
  isPushed: boolean;
  isPushedByDigest: boolean;
  /** The registry may be without TLS. */
  isInsecure: boolean;
  isStored: boolean;
  /** Name of an image that gets none; its digest follows. */
  danglingPrefix: string;
  /** It gets each name with its digest as well. */
  isNamedByDigest: boolean;
}

/** @throws {InvalidArgumentError} {NotImplementedError} */
export function parseImageOptions({ type, attributes }: OutputSpec): ImageOptions {
  const compression = compressionOf(type, attributes);
  const isOciDefault = type !== 'docker' || compression?.kind === 'zstd';
  return {
    names: namesOf(attributes.get('name') ?? ''),
    hasOciTypes: flagOf(attributes, 'oci-mediatypes', isOciDefault) || compression?.kind === 'zstd',
    compression,
    isForced: flagOf(attributes, 'force-compression'),
    rewritesTimes: flagOf(attributes, 'rewrite-timestamp'),
    epoch: numberOf(attributes, 'source-date-epoch', { from: 0, to: Number.MAX_SAFE_INTEGER }),
    annotations: parseAnnotations(attributes),
    hasArtifacts: flagOf(attributes, 'oci-artifact'),
  };
}

/** @throws {InvalidArgumentError} */
export function parseStoreOptions({ attributes }: OutputSpec): StoreOptions {
  const isPushedByDigest = flagOf(attributes, 'push-by-digest');
  flagOf(attributes, 'unpack'); // every image of the store is
  return {
    isPushed: flagOf(attributes, 'push'),
    isPushedByDigest,
    isInsecure: flagOf(attributes, 'registry.insecure'),
    isStored: flagOf(attributes, 'store', true),
    danglingPrefix: attributes.get('dangling-name-prefix') ?? '',
    isNamedByDigest: flagOf(attributes, 'name-canonical'),
  };
}

/** @throws {InvalidArgumentError} */
function namesOf(text: string): Reference[] {
  const names = text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
    .map((name) => withDefaultTag(parseReference(name)));
  return [...new Map(names.map((name) => [canonicalName(name), name])).values()];
}

const LEVELS = { gzip: { from: 0, to: 9, usual: 6 }, zstd: { from: 0, to: 22, usual: 3 } } as const;

/** Nothing is compressed unless its bytes go somewhere that expects it. */
function compressionOf(type: OutputSpec['type'], attributes: OutputSpec['attributes']): Compression | undefined {
  const isSent = type === 'oci' || flagOf(attributes, 'push');
  const kind = attributes.get('compression') || (isSent ? 'gzip' : 'uncompressed');
  if (kind === 'estargz')
    throw new NotImplementedError('compression=estargz is not supported', {
      why: 'layers are not written with a table of contents inside',
      hint: 'use compression=zstd, or gzip',
    });
  if (kind !== 'gzip' && kind !== 'zstd' && kind !== 'uncompressed')
    throw new InvalidArgumentError(`unsupported layer compression type: ${kind}`, {
      why: `${JSON.stringify(kind)} is none that is known`,
      hint: 'use gzip, zstd or uncompressed',
    });
  if (kind === 'uncompressed') return undefined;
  const { from, to, usual } = LEVELS[kind];
  const level = numberOf(attributes, 'compression-level', { from, to });
  return { kind, level: level === undefined || (kind === 'zstd' && level === 0) ? usual : level };
}
