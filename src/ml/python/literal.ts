/** What a Python expression is known to be without running anything. */
export type Literal = string | number | boolean | null | readonly Literal[] | { readonly [key: string]: Literal };

/** Where `__file__` lies in values: paths made from it are inside the project, whatever the working directory is. */
export const PROJECT_ROOT = '/\u0000project';

/** Text of a Python string literal with its prefix and quotes; undefined for bytes and for f-strings with parts. */
export function stringValue(source: string): string | undefined {
  const match = /^([rRuUbBfF]*)("""|'''|"|')([^]*)\2$/.exec(source);
  if (match === null) return undefined;
  const [, prefix = '', , body = ''] = match;
  if (/b/i.test(prefix) || (/f/i.test(prefix) && body.includes('{'))) return undefined;
  return /r/i.test(prefix) ? body : unescape(body);
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '0': '\0',
};

function unescape(body: string): string {
  return body.replace(/\\(x[\da-fA-F]{2}|u[\da-fA-F]{4}|[^])/g, (whole, what: string) => {
    if (what === '\n') return '';
    if (what.length > 1) return String.fromCharCode(Number.parseInt(what.slice(1), 16));
    return ESCAPES[what] ?? whole;
  });
}

/** Joins path pieces as os.path.join and pathlib do: an absolute piece starts anew. */
export function joinPieces(pieces: readonly string[]): string {
  let path = '';
  for (const piece of pieces) {
    if (piece.startsWith('/') || path === '') path = piece;
    else path = path.endsWith('/') ? path + piece : `${path}/${piece}`;
  }
  return path;
}

export function parentPath(path: string): string {
  if (!path.includes('/')) return '.';
  return path.slice(0, path.lastIndexOf('/')) || '/';
}
