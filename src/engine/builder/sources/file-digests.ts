import { readFile, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '#lib/sha256.ts';
import { type DigestTable, EMPTY_TABLE, openDigestTable } from './digest-table.ts';
import { keepNewest } from './keep-newest.ts';

/** What tells one state of a file from all others: a change of any byte of it changes the time of its inode. */
export interface FileStamp {
  device: number;
  inode: number;
  /** Milliseconds since epoch, with what a double holds behind the point: less than a microsecond. */
  ctimeMs: number;
  mtimeMs: number;
  size: number;
}

/** What an earlier build has read of a file. */
export interface KnownFile {
  /** Hexadecimal sha256 of its bytes. */
  digest: string;
  /** It has no extended attributes. */
  isPlain: boolean;
}

/** The files of one folder that were read, by their state. */
export interface KnownDigests {
  find(stamp: FileStamp): KnownFile | undefined;
  /** Files that were changed so shortly before that a further change could not be told are not kept. */
  put(stamp: FileStamp, file: KnownFile): void;
}

/** What builds have read of folders on this host, so that files that did not change are not read again. */
export interface FileDigests {
  /** Those of a folder; kept on the disk when disposed. */
  of(folder: string): Promise<KnownDigests & AsyncDisposable>;
}

/** Folders whose digests are kept in memory, and on the disk. */
const IN_MEMORY = 8;
const ON_DISK = 64;
const LIMIT_BYTES = 128 * 1024 * 1024;

/** @param root folder for them; made when it is needed */
export function openFileDigests(root: string): FileDigests {
  const tables = new Map<string, Promise<DigestTable>>();
  const load = async (name: string): Promise<DigestTable> => {
    const path = join(root, name);
    const facts = await stat(path).catch(() => undefined);
    if (facts === undefined || facts.size > LIMIT_BYTES) return openDigestTable(EMPTY_TABLE);
    return openDigestTable(await readFile(path).catch(() => EMPTY_TABLE));
  };
  const tableOf = (name: string): Promise<DigestTable> => {
    const table = tables.get(name) ?? load(name);
    tables.delete(name);
    tables.set(name, table);
    const [oldest] = tables.keys();
    if (tables.size > IN_MEMORY && oldest !== undefined) tables.delete(oldest);
    return table;
  };
  return {
    async of(folder) {
      const name = sha256(folder).slice('sha256:'.length, 'sha256:'.length + 32);
      const table = await tableOf(name);
      return {
        find: (stamp) => table.find(stamp),
        put: (stamp, file) => table.put(stamp, file),
        async [Symbol.asyncDispose]() {
          // Only time is lost where this cannot be written.
          const kept = table.isChanged()
            ? keepNewest(root, { name, bytes: table.write() }, ON_DISK)
            : touch(join(root, name));
          await kept.catch(() => {});
        },
      };
    },
  };
}

async function touch(path: string): Promise<void> {
  const now = new Date();
  await utimes(path, now, now);
}
