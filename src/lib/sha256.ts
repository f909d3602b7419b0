import { createHash } from 'node:crypto';

/** Digest text (`sha256:…`) of bytes held in memory; streams are hashed where they are written. */
export function sha256(bytes: Uint8Array | string): `sha256:${string}` {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
