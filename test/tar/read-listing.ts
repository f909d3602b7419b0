import { createHash } from 'node:crypto';
import { nameBytes } from '#lib/files/name.ts';
import type { TarHeader } from '#lib/tar/header.ts';
import { createTarParser } from '#lib/tar/parser.ts';

/** An entry as the listers of all readers print it; names, links and attributes in base64, because they are bytes. */
export interface ListedEntry {
  name: string;
  /** The type's character as a number. */
  type: string;
  link: string;
  size: number;
  mode: number;
  uid: number;
  gid: number;
  userName: string;
  groupName: string;
  /** Whole seconds and nanoseconds. */
  mtime: string;
  major: number;
  minor: number;
  xattrs: Record<string, string>;
  /** Of the content with its holes; empty where it is too large to be read. */
  sha256: string;
}

export interface Listing {
  entries: ListedEntry[];
  /** Whether reading ended with an error. */
  failed: boolean;
}

const HASH_LIMIT = 2 ** 26;
const KINDS = { file: '0', link: '1', symlink: '2', character: '3', block: '4', directory: '5', fifo: '6' } as const;

/** What our own parser reads. */
export function readListing(bytes: Buffer): Listing {
  const entries: ListedEntry[] = [];
  let content: Buffer | undefined;
  const parser = createTarParser({
    entry(header) {
      content = header.size <= HASH_LIMIT ? Buffer.alloc(header.size) : undefined;
      entries.push(listed(header));
    },
    data(chunk, offset) {
      content?.set(chunk, offset);
    },
    end() {
      const entry = entries.at(-1);
      if (entry !== undefined && content !== undefined)
        entry.sha256 = createHash('sha256').update(content).digest('hex');
      content = undefined;
    },
  });
  try {
    for (let at = 0; at < bytes.length; at += 700) parser.push(bytes.subarray(at, at + 700));
    parser.finish();
  } catch {
    // An entry whose content broke off does not count.
    return { entries: content === undefined ? entries : entries.slice(0, -1), failed: true };
  }
  return { entries, failed: false };
}

function listed(header: TarHeader): ListedEntry {
  const seconds = header.mtimeNs / 1_000_000_000n;
  const nanoseconds = header.mtimeNs % 1_000_000_000n;
  const [whole, rest] = nanoseconds < 0n ? [seconds - 1n, nanoseconds + 1_000_000_000n] : [seconds, nanoseconds];
  return {
    name: encode(header.name),
    type: String(KINDS[header.kind].charCodeAt(0)),
    link: encode(header.linkName),
    size: header.size,
    mode: header.mode,
    uid: header.uid,
    gid: header.gid,
    userName: encode(header.userName),
    groupName: encode(header.groupName),
    mtime: `${whole}.${rest}`,
    major: header.major,
    minor: header.minor,
    xattrs: Object.fromEntries([...header.xattrs].map(([name, value]) => [encode(name), value.toString('base64')])),
    sha256: '',
  };
}

function encode(text: string): string {
  return nameBytes(text).toString('base64');
}
