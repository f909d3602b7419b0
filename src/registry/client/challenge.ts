/** One way in that a registry offers (RFC 9110, 11.6.1). */
export interface Challenge {
  scheme: 'basic' | 'bearer';
  parameters: Readonly<Record<string, string>>;
}

/** Reads `WWW-Authenticate`, one header or several in one; schemes that we do not know are left out. */
export function parseChallenges(header: string | readonly string[] | undefined): Challenge[] {
  const text = typeof header === 'string' ? header : (header?.join(', ') ?? '');
  const found: { scheme: string; parameters: Record<string, string> }[] = [];
  const token = /[\w!#$%&'*+.^`|~-]+/y;
  let at = 0;
  const skip = (pattern: RegExp): void => {
    pattern.lastIndex = at;
    at += pattern.exec(text)?.[0].length ?? 0;
  };
  const word = (): string => {
    token.lastIndex = at;
    const match = token.exec(text)?.[0] ?? '';
    at += match.length;
    return match;
  };
  while (at < text.length) {
    skip(/[\s,]+/y);
    const name = word();
    if (name === '') break;
    skip(/[ \t]*/y);
    if (text[at] === '=' && found.length > 0) {
      at++;
      skip(/[ \t]*/y);
      (found.at(-1) as (typeof found)[0]).parameters[name.toLowerCase()] = text[at] === '"' ? quoted() : word();
    } else found.push({ scheme: name.toLowerCase(), parameters: {} });
  }
  return found.filter((challenge): challenge is Challenge => /^(?:basic|bearer)$/.test(challenge.scheme));

  function quoted(): string {
    const match = /"((?:[^"\\]|\\.)*)"?/y;
    match.lastIndex = at;
    const [whole = '', inner = ''] = match.exec(text) ?? [];
    at += whole.length;
    return inner.replace(/\\(.)/g, '$1');
  }
}
