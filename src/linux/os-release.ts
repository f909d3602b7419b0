import { readFile } from 'node:fs/promises';

/** Which distribution this is (os-release(5)). */
export interface OsRelease {
  /** `debian`, `ubuntu`, `fedora`, … */
  id: string;
  /** Distributions it is made from, nearest first. */
  idLike: readonly string[];
  versionId: string;
  codename: string;
  /** For people: `Debian GNU/Linux 12 (bookworm)`. */
  prettyName: string;
}

/** The host's; empty texts where it has no such file. */
export async function readOsRelease(): Promise<OsRelease> {
  for (const path of ['/etc/os-release', '/usr/lib/os-release']) {
    const text = await readFile(path, 'utf8').catch(() => undefined);
    if (text !== undefined) return parseOsRelease(text);
  }
  return parseOsRelease('');
}

export function parseOsRelease(text: string): OsRelease {
  const fields = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, key, value] = /^\s*([A-Z0-9_]+)=(.*)$/.exec(line) ?? [];
    if (key !== undefined) fields.set(key, unquote(value ?? ''));
  }
  return {
    id: fields.get('ID') ?? 'linux',
    idLike: (fields.get('ID_LIKE') ?? '').split(' ').filter(Boolean),
    versionId: fields.get('VERSION_ID') ?? '',
    codename: fields.get('VERSION_CODENAME') ?? '',
    prettyName: fields.get('PRETTY_NAME') ?? 'Linux',
  };
}

function unquote(text: string): string {
  const [, quote, inner] = /^(["'])(.*)\1$/.exec(text.trim()) ?? [];
  if (quote === undefined) return text.trim();
  return quote === '"' ? (inner ?? '').replace(/\\([\\"$`])/g, '$1') : (inner ?? '');
}
