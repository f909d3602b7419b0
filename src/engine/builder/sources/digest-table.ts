import { createHash } from 'node:crypto';
import type { FileStamp } from './file-digests.ts';

/** Digests by the state of a file, as one run of bytes. */
export interface DigestTable {
  find(stamp: FileStamp): string | undefined;
  put(stamp: FileStamp, digest: string, now?: number): void;
  isChanged(): boolean;
  /** All of it that was asked for lately. */
  write(): Buffer;
}

export const EMPTY_TABLE: Buffer = Buffer.alloc(0);

/** `BFD1`, a digest over all that follows, then records: device, inode, ctime, mtime, size (8 bytes each), digest (32), age (8). */
const MAGIC = Buffer.from('BFD1');
const HEAD_BYTES = MAGIC.length + 32;
const RECORD_BYTES = 80;
const DIGEST_AT = 40;
const AGE_AT = 72;
/** So many writes a record outlives without being asked for. */
const AGE_LIMIT = 16;

/**
 * As long after its last change a file may change again without its times telling: their resolution is that of the kernel's tick. File
 * systems that keep whole seconds only are given more.
 */
const TICK_NS = 50_000_000n;
const COARSE_TICK_NS = 3_000_000_000n;

/** @param stored what `write` gave; anything else counts as empty */
export function openDigestTable(stored: Buffer): DigestTable {
  const body = bodyOf(stored);
  const positions = new Map<bigint, number>();
  for (let at = 0; at < body.length; at += RECORD_BYTES) positions.set(body.readBigUInt64LE(at + 8), at);
  const used = new Set<number>();
  const fresh = new Map<bigint, Buffer>();
  let isChanged = false;
  return {
    find(stamp) {
      const added = fresh.get(stamp.inode);
      if (added !== undefined && isSame(added, 0, stamp)) return digestAt(added, 0);
      const at = positions.get(stamp.inode);
      if (at === undefined || !isSame(body, at, stamp)) return undefined;
      used.add(at);
      return digestAt(body, at);
    },
    put(stamp, digest, now = Date.now()) {
      if (isYoung(stamp, BigInt(now) * 1_000_000n)) return;
      fresh.set(stamp.inode, recordOf(stamp, digest));
      isChanged = true;
    },
    isChanged: () => isChanged,
    write() {
      isChanged = false;
      const kept: Buffer[] = [];
      for (const [inode, at] of positions) {
        if (fresh.has(inode)) continue;
        const record = Buffer.from(body.subarray(at, at + RECORD_BYTES));
        const age = used.has(at) ? 0n : record.readBigUInt64LE(AGE_AT) + 1n;
        record.writeBigUInt64LE(age, AGE_AT);
        if (age < AGE_LIMIT) kept.push(record);
      }
      const content = Buffer.concat([...kept, ...fresh.values()]);
      return Buffer.concat([MAGIC, createHash('sha256').update(content).digest(), content]);
    },
  };
}

/** Whether a file may change again without its times telling. */
export function isYoung({ ctimeNs, mtimeNs }: Pick<FileStamp, 'ctimeNs' | 'mtimeNs'>, nowNs: bigint): boolean {
  const isCoarse = ctimeNs % 1_000_000_000n === 0n;
  const last = ctimeNs > mtimeNs ? ctimeNs : mtimeNs;
  return nowNs - last < (isCoarse ? COARSE_TICK_NS : TICK_NS);
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

function recordOf({ device, inode, ctimeNs, mtimeNs, size }: FileStamp, digest: string): Buffer {
  const record = Buffer.alloc(RECORD_BYTES);
  record.writeBigUInt64LE(device, 0);
  record.writeBigUInt64LE(inode, 8);
  record.writeBigInt64LE(ctimeNs, 16);
  record.writeBigInt64LE(mtimeNs, 24);
  record.writeBigUInt64LE(size, 32);
  record.write(digest, DIGEST_AT, 'hex');
  return record;
}

function isSame(bytes: Buffer, at: number, { device, inode, ctimeNs, mtimeNs, size }: FileStamp): boolean {
  return (
    bytes.readBigUInt64LE(at + 8) === inode &&
    bytes.readBigInt64LE(at + 16) === ctimeNs &&
    bytes.readBigInt64LE(at + 24) === mtimeNs &&
    bytes.readBigUInt64LE(at + 32) === size &&
    bytes.readBigUInt64LE(at) === device
  );
}

function digestAt(bytes: Buffer, at: number): string {
  return bytes.toString('hex', at + DIGEST_AT, at + AGE_AT);
}
