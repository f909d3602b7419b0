export type Compression = 'none' | 'gzip' | 'zstd' | 'bzip2' | 'xz';

/** Bytes of a stream's head that tell its compression. */
export const MAGIC_BYTES = 6;

/** Told by the first bytes, never by a name or media type. */
export function detectCompression(head: Uint8Array): Compression {
  const starts = (...magic: readonly number[]): boolean => magic.every((byte, index) => head[index] === byte);
  if (starts(0x1f, 0x8b)) return 'gzip';
  if (starts(0x28, 0xb5, 0x2f, 0xfd)) return 'zstd';
  if ((head[0] ?? 0) >> 4 === 5 && head[1] === 0x2a && head[2] === 0x4d && head[3] === 0x18) return 'zstd'; // a skippable frame
  if (starts(0x42, 0x5a, 0x68)) return 'bzip2';
  return starts(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00) ? 'xz' : 'none';
}
