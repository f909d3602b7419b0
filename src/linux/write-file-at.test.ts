import { closeSync, lstatSync, mkdtempSync, openSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeFileAt } from './write-file-at.ts';

test('a file is made as it is to be; what is there stays, and links lead nowhere', () => {
  const folder = mkdtempSync(join(tmpdir(), 'b-write-'));
  const fd = openSync(folder, 'r');
  const owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  const make = (name: string, text: string): boolean =>
    writeFileAt(fd, name, { bytes: Buffer.from(text), mode: 0o4751, ...owner, mtimeNs: 1_000_000_000_123_456_789n });
  try {
    expect(make('fïle', 'content')).toBe(true);
    const { mode, uid, gid, mtimeNs, atimeNs } = lstatSync(join(folder, 'fïle'), { bigint: true });
    expect({ mode: Number(mode) & 0o7777, uid: Number(uid), gid: Number(gid) }).toEqual({ mode: 0o4751, ...owner });
    expect([mtimeNs, atimeNs]).toEqual([1_000_000_000_123_456_789n, 1_000_000_000_123_456_789n]);
    expect(readFileSync(join(folder, 'fïle'), 'utf8')).toBe('content');
    expect(make('fïle', 'other')).toBe(false);
    expect(readFileSync(join(folder, 'fïle'), 'utf8')).toBe('content');
    symlinkSync(join(folder, 'outside'), join(folder, 'link'));
    expect(make('link', 'other')).toBe(false);
    expect(make('nothing/file', 'other')).toBe(false);
    expect(() => lstatSync(join(folder, 'outside'))).toThrow('ENOENT');
    expect(make('empty', '')).toBe(true);
    expect(lstatSync(join(folder, 'empty')).size).toBe(0);
  } finally {
    closeSync(fd);
    rmSync(folder, { recursive: true });
  }
});
