import { chmodSync, closeSync, linkSync, lstatSync, mkdirSync, mkdtempSync, openSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'; // prettier-ignore
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { statFileAt } from './stat-at.ts';

test('a name in a folder is what lstat says of it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'b-stat-'));
  const fd = openSync(folder, 'r');
  try {
    const path = join(folder, 'fïle');
    writeFileSync(path, 'x'.repeat(5000));
    chmodSync(path, 0o4751);
    linkSync(path, join(folder, 'second'));
    mkdirSync(join(folder, 'folder'));
    symlinkSync('fïle', join(folder, 'link'));
    for (const seconds of [0, 1.5, 1_000_000_000.123456, 5_000_000_000, -10.25]) {
      utimesSync(path, seconds, seconds);
      const { dev, ino, mode, uid, gid, nlink, size, ctimeMs, mtimeMs } = lstatSync(path);
      const expected = { device: dev, inode: ino, mode: mode & 0o7777, uid, gid, links: nlink, size, ctimeMs, mtimeMs };
      expect(statFileAt(fd, 'fïle')).toEqual(expected);
    }
    expect(statFileAt(fd, 'folder')).toBe('other');
    expect(statFileAt(fd, 'link')).toBe('other');
    expect(statFileAt(fd, 'nothing')).toBeUndefined();
    expect(statFileAt(fd, 'second/nothing')).toBeUndefined();
  } finally {
    closeSync(fd);
    rmSync(folder, { recursive: true });
  }
});
