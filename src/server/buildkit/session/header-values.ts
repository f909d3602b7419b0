import { nameBytes } from '#lib/files/name.ts';

const PLAIN = /^[\x20-\x7e]*$/;

/** Texts of any characters as metadata: where one of a list is no plain text, all are escaped and a second name says so. */
export function writeTexts(lists: Readonly<Record<string, readonly string[]>>): Map<string, readonly string[]> {
  const metadata = new Map<string, readonly string[]>();
  for (const [name, texts] of Object.entries(lists)) {
    if (texts.length === 0) continue;
    // Blanks at the ends would not arrive.
    const isPlain = texts.every((text) => PLAIN.test(text) && text.trim() === text);
    metadata.set(name, isPlain ? texts : texts.map(escapeText));
    if (!isPlain) metadata.set(`${name}-encoded`, ['1']);
  }
  return metadata;
}

/** As forms in URLs are: `application/x-www-form-urlencoded`. */
function escapeText(text: string): string {
  let escaped = '';
  for (const byte of nameBytes(text)) {
    const character = String.fromCharCode(byte);
    if (/[A-Za-z0-9_.~-]/.test(character)) escaped += character;
    else escaped += byte === 0x20 ? '+' : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return escaped;
}
