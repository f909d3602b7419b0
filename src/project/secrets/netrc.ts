/** Who one is on a host. */
export interface HostLogin {
  /** Without a port. */
  host: string;
  user: string;
  password: string;
}

/** The machines of a netrc file; macros, comments and `default` are left out. */
export function parseNetrc(text: string): HostLogin[] {
  const words = text
    .replace(/(^|\n)[ \t]*macdef\b[\s\S]*?(?:\n[ \t]*\n|$)/g, '$1')
    .replace(/(^|\s)#.*$/gm, '$1')
    .split(/\s+/)
    .filter((word) => word !== '');
  const logins: HostLogin[] = [];
  let current: HostLogin | undefined;
  for (let at = 0; at < words.length; at++) {
    const word = words[at];
    if (word === 'default') current = undefined;
    if (word !== 'machine' && word !== 'login' && word !== 'password' && word !== 'account') continue;
    at += 1;
    const value = unquoted(words[at] ?? '');
    if (word === 'machine') logins.push((current = { host: value, user: '', password: '' }));
    else if (current !== undefined && word !== 'account') current[word === 'login' ? 'user' : 'password'] = value;
  }
  return logins.filter(({ host, password }) => host !== '' && password !== '');
}

/**
 * Logins as a netrc file. What is secret has a line of its own: what builds print is searched for the lines of their secrets, and words such as
 * `password` are not to be found there.
 */
export function formatNetrc(logins: readonly HostLogin[]): string {
  const byHost = new Map(logins.toReversed().map((login) => [login.host, login]));
  const sorted = [...byHost.values()].toSorted((a, b) => (a.host < b.host ? -1 : 1));
  return sorted.map(entryOf).join('');
}

/** A token may be given as the user, without a password. */
function entryOf({ host, user, password }: HostLogin): string {
  if (password === '') return `machine ${host} login\n${user}\npassword ""\n`;
  return `machine ${host} login ${user === '' ? 'token' : user} password\n${password}\n`;
}

function unquoted(word: string): string {
  return word.length > 1 && word.startsWith('"') && word.endsWith('"') ? word.slice(1, -1) : word;
}
