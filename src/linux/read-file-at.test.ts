import { closeSync, lstatSync, mkdirSync, mkdtempSync, openSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readFileAt } from './read-file-at.ts';
import { setXattr } from './xattr.ts';

test('a small file is read with what it is like; what is no file is left', () => {
  const folder = mkdtempSync(join(tmpdir(), 'b-read-'));
  const fd = openSync(folder, 'r');
  const buffer = Buffer.alloc(16);
  try {
    const path = join(folder, 'fïle');
    writeFileSync(path, 'content');
    const read = readFileAt(fd, 'fïle', buffer);
    expect(buffer.toString('utf8', 0, read?.length)).toBe('content');
    const { ino, ctimeMs, size } = lstatSync(path);
    expect(read?.facts).toMatchObject({ inode: ino, ctimeMs, size });
    expect(read?.hasXattrs).toBe(false);
    setXattr(path, 'user.note', Buffer.from('x'));
    expect(readFileAt(fd, 'fïle', buffer)?.hasXattrs).toBe(true);
    writeFileSync(path, 'x'.repeat(100));
    expect(readFileAt(fd, 'fïle', buffer)).toMatchObject({ length: 16, facts: { size: 100 } });
    mkdirSync(join(folder, 'folder'));
    symlinkSync('fïle', join(folder, 'link'));
    for (const name of ['folder', 'link', 'nothing', 'fïle/nothing'])
      expect(readFileAt(fd, name, buffer)).toBeUndefined();
  } finally {
    closeSync(fd);
    rmSync(folder, { recursive: true });
  }
});
