import { isUtf8 } from 'node:buffer';

/**
 * File names are bytes; here they are text. Bytes that are no UTF-8 become lone low surrogates (U+DC80 to U+DCFF), so that every name
 * survives the way through a string and back.
 */
export function decodeName(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8');
  let name = '';
  for (let at = 0; at < bytes.length;) {
    const length = sequenceLength(bytes[at] ?? 0);
    const sequence = bytes.subarray(at, at + length);
    if (sequence.length === length && isUtf8(sequence)) {
      name += sequence.toString('utf8');
      at += length;
    } else {
      name += String.fromCharCode(0xdc00 + (bytes[at] ?? 0));
      at += 1;
    }
  }
  return name;
}

/** The name as the functions of `node:fs` take it. */
export function encodeName(name: string): string | Buffer {
  return name.isWellFormed() ? name : nameBytes(name);
}

/** The name's bytes on disk. */
export function nameBytes(name: string): Buffer {
  if (name.isWellFormed()) return Buffer.from(name, 'utf8');
  const parts: Buffer[] = [];
  for (const character of name) {
    const code = character.length === 1 ? character.charCodeAt(0) : 0;
    parts.push(code >= 0xdc80 && code <= 0xdcff ? Buffer.from([code - 0xdc00]) : Buffer.from(character, 'utf8'));
  }
  return Buffer.concat(parts);
}

function sequenceLength(lead: number): number {
  if (lead >= 0xf0) return 4;
  if (lead >= 0xe0) return 3;
  return lead >= 0xc0 ? 2 : 1;
}
