import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno } from '#lib/files/file-error.ts';
import { type ContextEntry, NO_XATTRS } from './context-entry.ts';
import type { Contents, ContextName, KeptCopy } from './kept-copy.ts';

/** Of the format below; copies with another one are not read. */
const VERSION = 1;
/** Written last: while it is there, all is. */
const FACTS = 'facts.json';
const ENTRIES = 'entries.json';

interface Facts {
  version: number;
  /** What was written during another time may not be on the disk. */
  witness: string;
  source: ContextName;
  part?: string;
  created: number;
  used: number;
  uses: number;
  bytes: number;
  count: number;
}

type Row = [
  path: string,
  kind: ContextEntry['kind'],
  mode: number,
  uid: number,
  gid: number,
  size: number,
  mtimeNs: string,
  target: string,
  device: [major: number, minor: number] | 0,
  xattrs: [name: string, base64: string][] | 0,
  digest: string,
  isUnsteady: 0 | 1,
];

/** Keeps what is known of a copy beside it, for the next engine. Not synced: it counts only while the system runs. */
export async function writeIndex(folder: string, copy: KeptCopy, witness: string): Promise<void> {
  const { source, part, contents, created, used, uses, bytes, count } = copy;
  if (source === undefined || contents === undefined) return;
  const { entries, digests } = contents;
  const rows = entries.map((entry) => toRow(entry, digests.get(entry.path) ?? ''));
  await writeFile(join(folder, ENTRIES), JSON.stringify(rows), { mode: 0o600 });
  const facts: Facts = { version: VERSION, witness, source, created, used, uses, bytes, count };
  const temporary = join(folder, `${FACTS}.tmp`);
  await writeFile(temporary, JSON.stringify({ ...facts, ...(part !== undefined && { part }) }), { mode: 0o600 });
  await rename(temporary, join(folder, FACTS));
}

/** Before the copy changes: what does not come to an end has no index. */
export async function removeIndex(folder: string): Promise<void> {
  await rm(join(folder, FACTS), { force: true });
}

/** Undefined if the copy is not to be trusted. */
export async function readIndex(folder: string, id: string, witness: string): Promise<KeptCopy | undefined> {
  let facts: Facts;
  try {
    facts = JSON.parse(await readFile(join(folder, FACTS), 'utf8')) as Facts;
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR') || error instanceof SyntaxError) return undefined;
    throw error;
  }
  const { source, part, created, used, uses, bytes, count } = facts;
  if (facts.version !== VERSION || facts.witness !== witness) return undefined;
  return { id, source, part, contents: undefined, users: 0, isChanging: false, created, used, uses, bytes, count };
}

export async function readContents(folder: string): Promise<Contents> {
  const rows = JSON.parse(await readFile(join(folder, ENTRIES), 'utf8')) as Row[];
  const digests = new Map<string, string>();
  for (const row of rows) if (row[10] !== '') digests.set(row[0], row[10]);
  return { entries: rows.map(fromRow), digests };
}

function toRow(entry: ContextEntry, digest: string): Row {
  const { path, kind, mode, uid, gid, size, mtimeNs, target, major, minor, xattrs } = entry;
  const device: Row[8] = major === 0 && minor === 0 ? 0 : [major, minor];
  const attributes: Row[9] =
    xattrs.size === 0 ? 0 : [...xattrs].map(([name, value]) => [name, value.toString('base64')]);
  return [
    path,
    kind,
    mode,
    uid,
    gid,
    size,
    String(mtimeNs),
    target,
    device,
    attributes,
    digest,
    entry.isUnsteady === true ? 1 : 0,
  ];
}

function fromRow(row: Row): ContextEntry {
  const [path, kind, mode, uid, gid, size, mtimeNs, target, device, attributes, , isUnsteady] = row;
  const [major, minor] = device === 0 ? [0, 0] : device;
  const xattrs =
    attributes === 0 ? NO_XATTRS : new Map(attributes.map(([name, value]) => [name, Buffer.from(value, 'base64')]));
  const entry = { path, kind, mode, uid, gid, size, mtimeNs: BigInt(mtimeNs), target, major, minor, xattrs };
  return isUnsteady === 1 ? { ...entry, isUnsteady: true } : entry;
}
