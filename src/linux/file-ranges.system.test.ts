import { closeSync, fstatSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { copyRange, punchHole, startWriteBack } from './file-ranges.ts';
import { mountIdOf, mountWord } from './mount-id.ts';
import { mountAt, unmount } from './mount.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ranges-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const BLOCK = 4096;

test('a hole gives space back and reads as zeros, and the file keeps its size', async () => {
  const path = join(folder, 'file');
  writeFileSync(path, Buffer.alloc(16 * BLOCK, 1));
  const fd = openSync(path, 'r+');
  try {
    await startWriteBack({ fd, offset: 0, length: 16 * BLOCK }, { wait: true });
    const before = fstatSync(fd).blocks;
    await punchHole({ fd, offset: 4 * BLOCK, length: 8 * BLOCK });
    const after = fstatSync(fd);
    expect(after.size).toBe(16 * BLOCK);
    expect(before - after.blocks).toBe((8 * BLOCK) / 512);
  } finally {
    closeSync(fd);
  }
  const bytes = readFileSync(path);
  expect(bytes[4 * BLOCK - 1]).toBe(1);
  expect(bytes.subarray(4 * BLOCK, 12 * BLOCK).every((byte) => byte === 0)).toBe(true);
  expect(bytes[12 * BLOCK]).toBe(1);
});

test('bytes are copied between two files, up to the end of the source', () => {
  const [from, to] = [join(folder, 'from'), join(folder, 'to')];
  writeFileSync(from, 'abcdefghij');
  writeFileSync(to, '..........');
  const [source, target] = [openSync(from, 'r'), openSync(to, 'r+')];
  try {
    expect(copyRange({ fd: source, offset: 2, length: 3 }, { fd: target, offset: 5 })).toBe(3);
    expect(readFileSync(to, 'utf8')).toBe('.....cde..');
    expect(copyRange({ fd: source, offset: 8, length: 100 }, { fd: target, offset: 0 })).toBe(2);
    expect(readFileSync(to, 'utf8')).toBe('ij...cde..');
  } finally {
    closeSync(source);
    closeSync(target);
  }
});

test('errors of calls on another thread name what the kernel said', async () => {
  await expect(punchHole({ fd: 99_999, offset: 0, length: 1 })).rejects.toThrow('EBADF');
});

test('a mount is the same as long as it stands, and another one after it was made again', () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  expect(mountWord(file)).toBe(mountWord(folder));
  mountAt(folder, { type: 'tmpfs', source: 'tmpfs', options: [] });
  const first = mountIdOf(folder);
  unmount(folder);
  mountAt(folder, { type: 'tmpfs', source: 'tmpfs', options: [] });
  const second = mountIdOf(folder);
  unmount(folder);
  expect(first.isUnique && second.isUnique ? second.id : first.id + 1n).toBeGreaterThan(first.id);
  expect(mountWord(file)).not.toContain(`mount ${first.id}`);
});
