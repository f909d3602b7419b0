import { createHash } from 'node:crypto';
import type { FileStamp, KnownFile } from './file-digests.ts';

/** What is known of files, by their state. */
export interface DigestTable {
  find(stamp: FileStamp): KnownFile | undefined;
  put(stamp: FileStamp, file: KnownFile, nowMs?: number): void;
  isChanged(): boolean;
  /** All of it that was asked for lately, as bytes. */
  write(): Buffer;
}

export const EMPTY_TABLE: Buffer = Buffer.alloc(0);

/** `BFD2`, a digest over all that follows, then records: device, inode, ctime, mtime, size (doubles), digest (32), whether it is plain, age (4 each). */
const MAGIC = Buffer.from('BFD2');
const HEAD_BYTES = MAGIC.length + 32;
const RECORD_BYTES = 80;
const DIGEST_AT = 40;
const PLAIN_AT = 72;
const AGE_AT = 76;
/** So many writes a record outlives without being asked for. */
const AGE_LIMIT = 16;

/**
 * As long after its last change a file may change again without its times telling: their resolution is that of the kernel's tick. File
 * systems that keep whole seconds only are given more.
 */
const TICK_MS = 50;
const COARSE_TICK_MS = 3_000;

interface Row {
  stamp: FileStamp;
  file: KnownFile;
  /** Writes since it was asked for. */
  age: number;
}

/** @param stored what `write` gave; anything else counts as empty */
export function openDigestTable(stored: Buffer): DigestTable {
  const rows = new Map<number, Row>();
  const body = bodyOf(stored);
  for (let at = 0; at < body.length; at += RECORD_BYTES) {
    const row = readRow(body, at);
    rows.set(row.stamp.inode, row);
  }
  let isChanged = false;
  return {
    find(stamp) {
      const row = rows.get(stamp.inode);
      if (row === undefined || !isSameStamp(row.stamp, stamp)) return undefined;
      row.age = 0;
      return row.file;
    },
    put(stamp, file, nowMs = Date.now()) {
      if (isYoung(stamp, nowMs)) return;
      rows.set(stamp.inode, { stamp, file, age: 0 });
      isChanged = true;
    },
    isChanged: () => isChanged,
    write() {
      isChanged = false;
      const content = Buffer.alloc(rows.size * RECORD_BYTES);
      let at = 0;
      for (const [inode, row] of rows) {
        row.age += 1;
        if (row.age > AGE_LIMIT) rows.delete(inode);
        else {
          writeRow(content, at, row);
          at += RECORD_BYTES;
        }
      }
      const used = content.subarray(0, at);
      return Buffer.concat([MAGIC, createHash('sha256').update(used).digest(), used]);
    },
  };
}

/** Whether a file may change again without its times telling. */
export function isYoung({ ctimeMs, mtimeMs }: FileStamp, nowMs: number): boolean {
  return nowMs - Math.max(ctimeMs, mtimeMs) < (ctimeMs % 1000 === 0 ? COARSE_TICK_MS : TICK_MS);
}

export function isSameStamp(one: FileStamp, other: FileStamp): boolean {
  return (
    one.ctimeMs === other.ctimeMs &&
    one.mtimeMs === other.mtimeMs &&
    one.size === other.size &&
    one.inode === other.inode &&
    one.device === other.device
  );
}

function bodyOf(stored: Buffer): Buffer {
  const body = stored.subarray(HEAD_BYTES);
  const isWhole =
    stored.length > HEAD_BYTES &&
    body.length % RECORD_BYTES === 0 &&
    stored.subarray(0, MAGIC.length).equals(MAGIC) &&
    createHash('sha256').update(body).digest().equals(stored.subarray(MAGIC.length, HEAD_BYTES));
  return isWhole ? body : EMPTY_TABLE;
}

function readRow(bytes: Buffer, at: number): Row {
  const number = (index: number): number => bytes.readDoubleLE(at + index * 8);
  return {
    stamp: { device: number(0), inode: number(1), ctimeMs: number(2), mtimeMs: number(3), size: number(4) },
    file: {
      digest: bytes.toString('hex', at + DIGEST_AT, at + PLAIN_AT),
      isPlain: bytes.readUInt32LE(at + PLAIN_AT) === 1,
    },
    age: bytes.readUInt32LE(at + AGE_AT),
  };
}

function writeRow(bytes: Buffer, at: number, { stamp, file, age }: Row): void {
  const { device, inode, ctimeMs, mtimeMs, size } = stamp;
  for (const [index, value] of [device, inode, ctimeMs, mtimeMs, size].entries())
    bytes.writeDoubleLE(value, at + index * 8);
  bytes.write(file.digest, at + DIGEST_AT, 'hex');
  bytes.writeUInt32LE(file.isPlain ? 1 : 0, at + PLAIN_AT);
  bytes.writeUInt32LE(age, at + AGE_AT);
}
