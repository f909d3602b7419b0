import { detectCompression } from '#lib/compression/detect.ts';
import { BLOCK } from '#lib/tar/header.ts';

/** Bytes of a file's head that tell a layer from a document. */
export const LAYER_HEAD_BYTES = BLOCK;

/** Whether a file is a layer: compressed, or a tar by the sum of its first header; an empty tar is nothing but zeros. */
export function looksLikeLayer(head: Buffer): boolean {
  if (detectCompression(head) !== 'none') return true;
  if (head.length < BLOCK) return false;
  const block = head.subarray(0, BLOCK);
  return block.every((byte) => byte === 0) || hasHeaderSum(block);
}

function hasHeaderSum(block: Buffer): boolean {
  const digits = block.toString('latin1', 148, 156).replace(/\0.*$/s, '').trim();
  if (!/^[0-7]+$/.test(digits)) return false;
  let unsigned = 8 * 0x20;
  let signed = 8 * 0x20;
  for (const [at, byte] of block.entries()) {
    if (at >= 148 && at < 156) continue;
    unsigned += byte;
    signed += byte > 127 ? byte - 256 : byte;
  }
  const expected = Number.parseInt(digits, 8);
  return expected === unsigned || expected === signed;
}
