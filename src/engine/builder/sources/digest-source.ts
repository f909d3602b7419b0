import { createHash } from 'node:crypto';
import { setImmediate as pause } from 'node:timers/promises';
import { nameBytes } from '#lib/files/name.ts';
import { digestSmall } from './digest-small.ts';
import { digestFile } from './file-content.ts';
import type { Source, SourceEntry, SourceTree } from './source-tree.ts';

/** Others get their turn after so many entries. */
const TURN = 512;
/** More are not kept one by one. */
const LISTED_LIMIT = 5_000;
const SHORT_DIGITS = 16;

/** Digest of what is copied: names, kinds, modes and bytes; owners where they are kept; never times. */
export async function digestSource(
  tree: SourceTree,
  { entries, name }: Source,
  { withOwner, signal }: { withOwner: boolean; signal: AbortSignal },
): Promise<string> {
  const hash = createHash('sha256');
  let lines: string[] = [];
  const flush = (): void => {
    const text = lines.join('');
    hash.update(text.isWellFormed() ? text : nameBytes(text));
    lines = [];
  };
  for (const [index, entry] of entries.entries()) {
    if (index % TURN === 0) digestSmall(tree, entries.slice(index, index + TURN));
    const content = entry.kind === 'file' ? await digestFile(tree, entry) : entry.target;
    lines.push(lineOf(entry, { name, content, withOwner }));
    if (lines.length < TURN) continue;
    flush();
    signal.throwIfAborted();
    await pause();
  }
  flush();
  return hash.digest('hex');
}

/** Fields end with a zero byte, which no name and no link has. */
function lineOf(
  { relative, kind, attributes, major, minor }: SourceEntry,
  { name, content, withOwner }: { name: string; content: string; withOwner: boolean },
): string {
  const { mode, uid, gid, xattrs } = attributes;
  const owner = withOwner ? `${uid}:${gid}` : '';
  const line = `${relative === '' ? name : relative}\0${kind} ${mode} ${owner} ${major}:${minor}\0${content}\0`;
  if (xattrs.size === 0) return `${line}\n`;
  return `${line}${[...xattrs].map(([key, value]) => `${key}=${value.toString('hex')}`).join(' ')}\n`;
}

/** Digests of the files of some sources by path, so that it can be told which one changed; of their folders where there are very many. */
export function listDigests(items: readonly { tree: SourceTree; source: Source }[]): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const { tree, source } of items)
    for (const { path, kind, attributes, target } of source.entries) {
      const content = kind === 'file' ? (tree.digests.get(path) ?? '').slice(0, SHORT_DIGITS) : target;
      files.set(path, `${attributes.mode.toString(8)} ${content}`);
    }
  return files.size <= LISTED_LIMIT ? files : byFolder(files);
}

function byFolder(files: ReadonlyMap<string, string>): Map<string, string> {
  const hashes = new Map<string, ReturnType<typeof createHash>>();
  for (const [path, digest] of files) {
    const folder = path.slice(0, path.lastIndexOf('/') + 1);
    const hash = hashes.get(folder) ?? createHash('sha256');
    hashes.set(folder, hash.update(`${path}\0${digest}\0`));
  }
  const folders = [...hashes].map(([folder, hash]) => [folder, hash.digest('hex').slice(0, SHORT_DIGITS)] as const);
  return new Map(folders.length <= LISTED_LIMIT ? folders : []);
}
