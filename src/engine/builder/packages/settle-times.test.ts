import {
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openRoot } from '#lib/files/open-root.ts';
import { readChanges } from './changed-tree.ts';
import { SETTLED_TIME, settleBytecode, settleTimes } from './settle-times.ts';

const WRITTEN = 1_700_000_000;
let folder = '';

beforeEach(() => {
  folder = mkdtempSync('/tmp/b-settle-');
  mkdirSync(join(folder, 'tree/a/__pycache__'), { recursive: true });
  mkdirSync(join(folder, 'below'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function at(path: string): string {
  return join(folder, 'tree', path);
}

function compiled(name: string, { time, size, flags = 0 }: { time: number; size: number; flags?: number }): void {
  const header = Buffer.alloc(20);
  header.writeUInt32LE(flags, 4);
  header.writeUInt32LE(time, 8);
  header.writeUInt32LE(size, 12);
  writeFileSync(at(`a/__pycache__/${name}`), header);
}

function source(name: string): void {
  writeFileSync(at(`a/${name}`), 'x = 1\n');
  utimesSync(at(`a/${name}`), WRITTEN, WRITTEN);
}

async function settle(): Promise<void> {
  using root = openRoot(join(folder, 'tree'), { links: 'refuse' });
  using below = openRoot(join(folder, 'below'));
  await settleBytecode(root, await readChanges(root, below), () => true);
  await settleTimes(root);
}

function timeIn(name: string): number {
  return readFileSync(at(`a/__pycache__/${name}`)).readUInt32LE(8);
}

test('all has one time, links themselves as well', async () => {
  source('m.py');
  symlinkSync('/nowhere', at('a/link'));
  await settle();
  for (const path of ['a', 'a/m.py', 'a/link', 'a/__pycache__'])
    expect(lstatSync(at(path)).mtimeMs, path).toBe(SETTLED_TIME * 1000);
});

test('a compiled file goes on standing for its source; one that was stale stays stale', async () => {
  for (const name of ['m.py', 'old.py', 'hashed.py']) source(name);
  compiled('m.cpython-313.pyc', { time: WRITTEN, size: 6 });
  compiled('m.cpython-313.opt-1.pyc', { time: WRITTEN, size: 6 });
  compiled('old.cpython-313.pyc', { time: WRITTEN - 5, size: 6 });
  compiled('hashed.cpython-313.pyc', { time: WRITTEN, size: 6, flags: 3 });
  compiled('gone.cpython-313.pyc', { time: WRITTEN, size: 6 });
  await settle();
  expect(timeIn('m.cpython-313.pyc')).toBe(SETTLED_TIME);
  expect(timeIn('m.cpython-313.opt-1.pyc')).toBe(SETTLED_TIME);
  expect(timeIn('old.cpython-313.pyc')).toBe(WRITTEN - 5);
  expect(timeIn('hashed.cpython-313.pyc')).toBe(WRITTEN);
  expect(timeIn('gone.cpython-313.pyc')).toBe(WRITTEN);
});

test('a file that another layer has as well is not changed there', async () => {
  source('m.py');
  compiled('m.cpython-313.pyc', { time: WRITTEN, size: 6 });
  const [other, cache] = [join(folder, 'other.py'), join(folder, 'other.pyc')];
  linkSync(at('a/m.py'), other);
  linkSync(at('a/__pycache__/m.cpython-313.pyc'), cache);
  await settle();
  expect(lstatSync(other).mtimeMs).toBe(WRITTEN * 1000);
  expect(readFileSync(cache).readUInt32LE(8)).toBe(WRITTEN);
  expect(readFileSync(at('a/m.py'), 'utf8')).toBe('x = 1\n');
  expect(lstatSync(at('a/m.py')).mtimeMs).toBe(SETTLED_TIME * 1000);
  expect(timeIn('m.cpython-313.pyc')).toBe(SETTLED_TIME);
});
