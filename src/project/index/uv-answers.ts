import { normalName } from '#ml/detect/requirements.ts';
import { isTable, parseToml, type Toml } from '#ml/toml.ts';

/** One line of uv's answer in the form of requirements. */
export interface AnsweredLine {
  name: string;
  version: string;
  via: readonly string[];
}

/** Reads `name==1.2  # via a, b`, one distribution a line; those that were asked for themselves have an empty `via`. */
export function parseAnswer(text: string): AnsweredLine[] {
  return text.split('\n').flatMap((line) => {
    const [, name, version, via = ''] = /^([A-Za-z\d][\w.-]*)(?:\[[^\]]*\])?==([^\s;#]+)[^#]*(?:#\s*via\s+(.*))?$/.exec(line.trim()) ?? [];
    if (name === undefined || version === undefined) return [];
    const askers = via.split(/,\s*/).map((one) => one.trim()).filter((one) => one !== '');
    const isAsked = askers.some((one) => one.startsWith('-r '));
    return [{ name, version, via: isAsked ? [] : askers.filter((one) => !one.startsWith('-')) }];
  });
} // prettier-ignore

export interface LockedWheel {
  name: string;
  filename: string;
  url: string;
  bytes: number | null;
  sha256: string | null;
}

/** Wheels of a pylock.toml (PEP 751) by the name of their distribution; a distribution without one has to be built. */
export function parsePylock(text: string): Map<string, LockedWheel> {
  const found = new Map<string, LockedWheel>();
  const packages = parseToml(text)['packages'];
  for (const item of Array.isArray(packages) ? packages : []) {
    const name = isTable(item) ? item['name'] : undefined;
    const wheels = isTable(item) ? item['wheels'] : undefined;
    if (typeof name !== 'string') continue;
    const [wheel] = (Array.isArray(wheels) ? wheels : []).flatMap((one) => wheelOf(name, one));
    if (wheel !== undefined) found.set(name, wheel);
  }
  return found;
}

function wheelOf(name: string, item: Toml): LockedWheel[] {
  if (!isTable(item)) return [];
  const { url, size, name: given } = item;
  if (typeof url !== 'string') return [];
  const digests = isTable(item['hashes']) ? item['hashes'] : {};
  const filename = typeof given === 'string' ? given : decodeURIComponent(/([^/?#]+)(?:[?#].*)?$/.exec(url)?.[1] ?? '');
  const sha256 = typeof digests['sha256'] === 'string' ? digests['sha256'] : null;
  return [{ name, filename, url, bytes: typeof size === 'number' ? size : null, sha256 }];
}

/** Distributions that uv would have to build, which it is not allowed to: their code would run on this machine. */
export function namesToBuild(message: string): string[] {
  const names = [...message.matchAll(/Wheels are required for `([\w.-]+)`/g)].map(([, name = '']) => normalName(name));
  return [...new Set(names)];
}

/** Whether uv could not reach an index, and which. */
export function unreachableHost(message: string): string | undefined {
  if (!/error sending request|dns error|timed out|Connection refused|certificate|status (?:code )?5\d\d|Failed to fetch|Request failed|client error/i.test(message)) return undefined;
  return /https?:\/\/(?:[^\s/@]*@)?([\w.-]+)/.exec(message)?.[1] ?? 'the index';
} // prettier-ignore

/** What uv says of a conflict, one sentence a line, without its own frame. */
export function conflictLines(message: string): string[] {
  const own = message.replace(/^[\s\S]*?(?=Because )/, '').replace(/\n\s*hint:[\s\S]*$/, '');
  const text = own
    .replace(/\{[^{}]*\}/g, '')
    .replace(/\s+/g, ' ')
    .trim();
  return text.split(/(?<=\.) (?=And |So )/).map((line) => line.trim()).filter((line) => line !== '').slice(0, 12); // prettier-ignore
}
