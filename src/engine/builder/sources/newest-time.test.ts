import { mkdtempDisposableSync, mkdirSync, symlinkSync, utimesSync, lutimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { newestTime } from './newest-time.ts';

test('the newest file counts, however deep it lies, and no folder does', () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'newest-'));
  expect(newestTime(folder.path)).toBeUndefined();
  mkdirSync(join(folder.path, 'a/b'), { recursive: true });
  for (const [name, time] of [
    ['a/b/file', 50.9],
    ['other', 20],
  ] as const) {
    // prettier-ignore
    writeFileSync(join(folder.path, name), '');
    utimesSync(join(folder.path, name), time, time);
  }
  expect(newestTime(folder.path)).toBe(50);
  symlinkSync('/etc', join(folder.path, 'link'));
  lutimesSync(join(folder.path, 'link'), 70, 70);
  expect(newestTime(folder.path)).toBe(70);
});
