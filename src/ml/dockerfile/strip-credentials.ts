/** Credentials that stood in an address. */
export interface FoundCredentials {
  /** Without a port. */
  host: string;
  user: string;
  password: string;
}

const WITH_CREDENTIALS =
  /\b((?:git\+|hg\+|svn\+|bzr\+)?https?:\/\/)([^\s/@:'"`<>]*)(?::([^\s/@'"`<>]*))?@([^\s/:?#'"`<>]+)/gi;
/** `${NAME}`: no secret, and a variable's name. */
const VARIABLE = /^\$\{?\w+\}?$/;

/** Takes names and passwords out of the addresses of a text. Variables in their place stay: they hold no secret themselves. */
export function stripCredentials(text: string): { text: string; found: FoundCredentials[] } {
  const found: FoundCredentials[] = [];
  const stripped = text.replace(WITH_CREDENTIALS, (...match: (string | undefined)[]) => {
    const [whole = '', scheme = '', user = '', password, host = ''] = match;
    if (isHarmless(user, password)) return whole;
    found.push({ host, user: decoded(user), password: decoded(password ?? '') });
    return `${scheme}${host}`;
  });
  return { text: stripped, found };
}

/** Names of environment variables in the addresses of a text: `https://${USER}:${TOKEN}@host/`. */
export function variablesInAddresses(text: string): string[] {
  const names = [...text.matchAll(/https?:\/\/[^\s'"]*\$\{(\w+)\}[^\s'"]*/g)].flatMap(([address]) =>
    [...address.matchAll(/\$\{(\w+)\}/g)].map(([, name = '']) => name),
  );
  return [...new Set(names)];
}

/** `git@`, and what a variable stands for. */
function isHarmless(user: string, password: string | undefined): boolean {
  if (password === undefined) return user === '' || user === 'git' || VARIABLE.test(user);
  return VARIABLE.test(password) || (password === '' && (user === '' || VARIABLE.test(user)));
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
