import { createHash } from 'node:crypto';
import { closeSync, fchmodSync, fchownSync, writeSync } from 'node:fs';
import { setMtime, setXattrs } from '#engine/snapshots/tree/attributes.ts';
import { InvalidArgumentError } from '#lib/errors.ts';
import { fileError } from '#lib/files/file-error.ts';
import type { Root } from '#lib/files/open-root.ts';
import type { ContextEntry } from './context-entry.ts';
import { CREATE } from './copy-tree.ts';

/** A file whose bytes are on their way. */
export interface IncomingFile {
  readonly entry: ContextEntry;
  write(bytes: Uint8Array): void;
  /** All is there. */
  end(): void;
  /** It does not come to an end: nothing of it stays open. */
  drop(): void;
}

/** What a file may grow while it is sent: a log that is written, not a stream without end. */
const GROWTH_BYTES = 64 * 1024 * 1024;

export interface Arrived {
  /** Hexadecimal sha256 of its bytes. */
  digest: string;
  size: number;
  /** It has the size that was told of it. */
  isWhole: boolean;
}

/** Writes a new file of a copy and hashes it meanwhile. What it grew by since it was told of is left out. */
export function createIncomingFile(root: Root, entry: ContextEntry, arrived: (result: Arrived) => void): IncomingFile {
  const hash = createHash('sha256');
  let fd: number | undefined;
  let length = 0;
  let grown = 0;
  const open = (): number => (fd ??= root.openFile(entry.path, CREATE, 0o600));
  const close = (): void => {
    if (fd !== undefined) closeSync(fd);
    fd = undefined;
  };
  return {
    entry,
    write(bytes) {
      const room = entry.size - length;
      grown += Math.max(0, bytes.length - room);
      if (grown > GROWTH_BYTES)
        throw new InvalidArgumentError('the client sent a context that is refused', {
          why: `${JSON.stringify(entry.path)} does not end: it has far more than the ${entry.size} bytes that were told of it`,
          hint: 'exclude files that grow by .dockerignore',
        });
      const part = bytes.length > room ? bytes.subarray(0, room) : bytes;
      if (part.length === 0) return;
      hash.update(part);
      length += part.length;
      writeAll(open(), part, entry.path);
    },
    end() {
      const { uid, gid, mode, xattrs, mtimeNs } = entry;
      if (uid !== 0 || gid !== 0) fchownSync(open(), uid, gid);
      fchmodSync(open(), mode);
      close();
      const place = root.locate(entry.path);
      setXattrs(place, xattrs);
      setMtime(place, mtimeNs);
      arrived({ digest: hash.digest('hex'), size: length, isWhole: length === entry.size && grown === 0 });
    },
    drop: close,
  };
}

function writeAll(fd: number, bytes: Uint8Array, path: string): void {
  try {
    for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at);
  } catch (error) {
    throw fileError(error, path);
  }
}
