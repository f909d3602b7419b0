import { InvalidArgumentError } from '#lib/errors.ts';
import type { Descriptor } from './descriptor.ts';
import { isDigest } from './digest.ts';

/** OCI image-spec, manifest.md; Docker's schema 2 has the same shape. */
export interface Manifest {
  schemaVersion: 2;
  mediaType?: string;
  artifactType?: string;
  config: Descriptor;
  layers: Descriptor[];
  subject?: Descriptor;
  annotations?: Record<string, string>;
}

/** OCI image-spec, image-index.md; Docker's manifest list has the same shape. */
export interface Index {
  schemaVersion: 2;
  mediaType?: string;
  artifactType?: string;
  manifests: Descriptor[];
  subject?: Descriptor;
  annotations?: Record<string, string>;
}

/**
 * Reads a manifest or an index, told apart by content. A document that could be read as both is refused (CVE-2021-41190).
 * @throws {InvalidArgumentError}
 */
export function parseManifestOrIndex(bytes: Uint8Array, mediaType?: string): Manifest | Index {
  const value = parseObject(bytes);
  const looksIndex = Array.isArray(value['manifests']);
  const looksManifest = value['layers'] !== undefined || value['config'] !== undefined;
  if (looksIndex && looksManifest) throw new InvalidArgumentError('manifest has both "manifests" and "layers"');
  if (value['schemaVersion'] === 1)
    throw new InvalidArgumentError('manifest schema 1 is not supported', {
      hint: 'push the image again with a current client',
    });
  const inner = value['mediaType'];
  if (mediaType !== undefined && typeof inner === 'string' && inner !== '' && inner !== mediaType)
    throw new InvalidArgumentError(`manifest says it is ${inner} but came as ${mediaType}`);
  const descriptors = looksIndex ? value['manifests'] : [value['config'], ...((value['layers'] as unknown[]) ?? [])];
  for (const descriptor of descriptors as unknown[]) checkDescriptor(descriptor);
  if (!looksIndex && !Array.isArray(value['layers'])) throw new InvalidArgumentError('manifest has no layers');
  return value as unknown as Manifest | Index;
}

export function isIndex(document: Manifest | Index): document is Index {
  return 'manifests' in document;
}

function parseObject(bytes: Uint8Array): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw new InvalidArgumentError('manifest is not JSON', { cause: error });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new InvalidArgumentError('manifest is not a JSON object');
  return value as Record<string, unknown>;
}

function checkDescriptor(value: unknown): void {
  const { digest, size, mediaType } = (value ?? {}) as Partial<Descriptor>;
  if (typeof digest !== 'string' || !isDigest(digest) || typeof mediaType !== 'string')
    throw new InvalidArgumentError(`manifest has a broken descriptor: ${shown(value)}`);
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0)
    throw new InvalidArgumentError(`manifest has a descriptor without a size: ${shown(value)}`);
}

const SHOWN_LENGTH = 300;

/** The beginning of a value from outside, which may be large, and deeper than it can be written. */
function shown(value: unknown): string {
  try {
    return (JSON.stringify(value) ?? '').slice(0, SHOWN_LENGTH);
  } catch {
    return Array.isArray(value) ? 'a list' : typeof value;
  }
}
