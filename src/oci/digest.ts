import { InvalidArgumentError } from '#lib/errors.ts';

/** Content identifier of bytes as stored (OCI image-spec, descriptor.md#digests). */
export type Digest = `sha256:${string}`;

/** @throws {InvalidArgumentError} if the text is not a sha256 digest in lower-case hexadecimal */
export function parseDigest(text: string): Digest {
  if (!isDigest(text)) throw new InvalidArgumentError(`not a digest: ${JSON.stringify(text)}`);
  return text;
}

export function isDigest(text: string): text is Digest {
  return /^sha256:[0-9a-f]{64}$/.test(text);
}

/** The 64 hexadecimal characters behind the algorithm. */
export function hexOf(digest: Digest): string {
  return digest.slice('sha256:'.length);
}
