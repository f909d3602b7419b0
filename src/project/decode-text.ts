const CODING = /^[ \t\f]*#[^\n]*?coding[:=][ \t]*([-\w.]+)/;
const LOOKED_AT = 4096;

/**
 * Text of a file, whatever editor wrote it: UTF-8, UTF-16 with or without its mark, or what a coding line of Python names (PEP 263). Undefined for
 * what is no text.
 */
export function decodeText(bytes: Buffer): string | undefined {
  const wide = wideEncoding(bytes);
  if (wide !== undefined) return new TextDecoder(wide).decode(bytes);
  if (bytes.subarray(0, LOOKED_AT).includes(0)) return undefined;
  const named = bytes[0] === 0x23 || bytes.subarray(0, 200).includes('coding') ? codingOf(bytes) : undefined;
  if (named !== undefined) return named.decode(bytes);
  const text = bytes.toString('utf8');
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}

function wideEncoding(bytes: Buffer): string | undefined {
  const [a, b, c, d] = bytes;
  if (a === 0xff && b === 0xfe) return 'utf-16le';
  if (a === 0xfe && b === 0xff) return 'utf-16be';
  if (bytes.length < 4 || bytes.length % 2 !== 0) return undefined;
  if (a !== 0 && b === 0 && c !== 0 && d === 0) return 'utf-16le';
  return a === 0 && b !== 0 && c === 0 && d !== 0 ? 'utf-16be' : undefined;
}

/** The decoder of a coding line among the first two lines; undefined for UTF-8 and for encodings that nobody knows. */
function codingOf(bytes: Buffer): { decode(bytes: Uint8Array): string } | undefined {
  const lines = bytes.subarray(0, 400).toString('latin1').split('\n', 2);
  const name = lines.map((line) => CODING.exec(line)?.[1]).find((found) => found !== undefined);
  if (name === undefined || /^utf[-_]?8/i.test(name)) return undefined;
  try {
    return new TextDecoder(name.replace(/^(?:latin[-_]?1|iso[-_]?8859[-_]?1(?:-\w+)?)$/i, 'latin1').replace(/^cp(?=\d)/, 'windows-'));
  } catch {
    return undefined;
  }
} // prettier-ignore
