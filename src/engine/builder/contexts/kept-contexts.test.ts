import { lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sha256 } from '#lib/sha256.ts';
import { silentLog } from '#lib/log.ts';
import type { ContextEntry } from './context-entry.ts';
import { type ContextUpdate, type KeptContexts, type OpenCopy, openKeptContexts } from './kept-contexts.ts';
import { openRoot } from '#lib/files/open-root.ts';
import type { SourceEntry, SourceTree } from '../sources/source-tree.ts';
import { walkSource } from '../sources/walk-source.ts';
import { testEntry } from './test-entries.ts';

const SOURCE = { owner: 'someone', name: 'context' };
let folder: string;
let contexts: KeptContexts;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'berth-contexts-'));
  contexts = openKeptContexts(folder, { log: silentLog });
});
afterEach(async () => {
  await contexts.close();
  rmSync(folder, { recursive: true, force: true });
});

type Told = readonly (ContextEntry & { text?: string })[];

const file = (path: string, text: string, more: Partial<ContextEntry> = {}): Told[number] => ({
  ...testEntry(path, { size: Buffer.byteLength(text), ...more }),
  text,
});
const directory = (path: string, more: Partial<ContextEntry> = {}): Told[number] =>
  testEntry(path, { kind: 'directory', ...more });

/** Tells of everything, and gives what is wanted. */
async function tell(update: ContextUpdate, entries: Told): Promise<string[]> {
  const wanted: string[] = [];
  for (const { text = '', ...entry } of entries) {
    const incoming = await update.put(entry);
    if (incoming === undefined) continue;
    wanted.push(entry.path);
    incoming.write(Buffer.from(text));
    incoming.end();
  }
  await update.endEntries();
  return wanted;
}

async function sync(entries: Told, part = 'all'): Promise<{ copy: OpenCopy; wanted: string[] }> {
  using update = await contexts.update(SOURCE, part);
  const wanted = await tell(update, entries);
  return { copy: update.finish(), wanted };
}

const show = (copy: OpenCopy): string[] =>
  readdirSync(copy.path, { recursive: true, encoding: 'utf8' })
    .map((path) => {
      const stats = lstatSync(join(copy.path, path));
      if (stats.isDirectory()) return `${path}/`;
      if (stats.isSymbolicLink()) return `${path} -> ${readlinkSync(join(copy.path, path))}`;
      return `${path}: ${readFileSync(join(copy.path, path), 'utf8')}`;
    })
    .toSorted();

test('what is there is not wanted a second time, and what changed is', async () => {
  const before = [directory('src'), file('src/a.py', 'one'), file('src/b.py', 'two'), file('z', 'last')];
  const first = await sync(before);
  expect(first.wanted).toEqual(['src/a.py', 'src/b.py', 'z']);
  expect(first.copy.digests.get('src/a.py')).toBe(sha256('one').slice('sha256:'.length));
  first.copy[Symbol.dispose]();
  const same = await sync(before);
  expect(same.wanted).toEqual([]);
  same.copy[Symbol.dispose]();
  const after = [directory('src'), file('src/a.py', 'ONE', { mtimeNs: 5n }), file('src/c.py', 'three')];
  const changed = await sync(after);
  expect(changed.wanted).toEqual(['src/a.py', 'src/c.py']);
  expect(show(changed.copy)).toEqual(['src/', 'src/a.py: ONE', 'src/c.py: three']);
  expect(changed.copy.digests.get('src/a.py')).toBe(sha256('ONE').slice('sha256:'.length));
  expect(changed.copy.digests.has('src/b.py')).toBe(false);
  changed.copy[Symbol.dispose]();
  expect(await contexts.list()).toHaveLength(1);
});

test('modes, times, links and kinds are as they were told', async () => {
  const { copy } = await sync([
    directory('d', { mode: 0o750, mtimeNs: 7_000_000_001n }),
    file('d/f', 'text', { mode: 0o4755, mtimeNs: 1_600_000_000_000_000_007n }),
    testEntry('d/l', { kind: 'symlink', target: '../nowhere', mode: 0o777 }),
    testEntry('d/n', { target: 'd/f', size: 4 }),
    testEntry('empty'),
  ]);
  const at = (path: string) => lstatSync(join(copy.path, path), { bigint: true });
  expect(at('d').mode & 0o7777n).toBe(0o750n);
  expect(at('d').mtimeNs).toBe(7_000_000_001n);
  expect(at('d/f').mode & 0o7777n).toBe(0o4755n);
  expect(at('d/f').mtimeNs).toBe(1_600_000_000_000_000_007n);
  expect(at('d/n').ino).toBe(at('d/f').ino);
  expect(show(copy)).toEqual(['d/', 'd/f: text', 'd/l -> ../nowhere', 'd/n: text', 'empty: ']);
  copy[Symbol.dispose]();
});

test('a second name follows the first one to its new content', async () => {
  const first = await sync([file('a', 'one'), testEntry('b', { target: 'a', size: 3 })]);
  first.copy[Symbol.dispose]();
  const { copy, wanted } = await sync([file('a', 'two', { mtimeNs: 9n }), testEntry('b', { target: 'a', size: 3 })]);
  expect(wanted).toEqual(['a']);
  expect(show(copy)).toEqual(['a: two', 'b: two']);
  expect(copy.digests.get('b')).toBe(copy.digests.get('a'));
  copy[Symbol.dispose]();
});

test('a second name whose first one is left out is a file of its own', async () => {
  const { copy, wanted } = await sync([{ ...testEntry('b', { target: 'a', size: 3 }), text: 'abc' }]);
  expect(wanted).toEqual(['b']);
  expect(show(copy)).toEqual(['b: abc']);
  copy[Symbol.dispose]();
});

test('folders, files and links take each other’s places', async () => {
  const kinds: Told[] = [
    [directory('x'), directory('x/y'), file('x/y/z', 'deep'), file('x-', 'beside')],
    [file('x', 'file'), file('x-', 'beside')],
    [testEntry('x', { kind: 'symlink', target: 'nowhere', mode: 0o777 }), file('x-', 'beside')],
    [directory('x'), file('x/y', 'again'), file('x-', 'beside')],
  ];
  const shown = [
    ['x-: beside', 'x/', 'x/y/', 'x/y/z: deep'],
    ['x-: beside', 'x: file'],
    ['x -> nowhere', 'x-: beside'],
    ['x-: beside', 'x/', 'x/y: again'],
  ];
  for (const [index, entries] of kinds.entries()) {
    const { copy } = await sync(entries);
    expect(show(copy)).toEqual(shown[index]?.toSorted());
    copy[Symbol.dispose]();
  }
});

const inodeOf = (copy: OpenCopy, path: string): number => lstatSync(join(copy.path, path)).ino;

test('what one build looks at does not change for another one', async () => {
  const before = [directory('d'), file('d/other', 'old'), file('d/same', 'same')];
  const first = await sync(before);
  const second = await sync([directory('d'), file('d/other', 'new', { mtimeNs: 3n }), file('d/same', 'same')]);
  expect(second.wanted).toEqual(['d/other']);
  expect(show(first.copy)).toEqual(['d/', 'd/other: old', 'd/same: same'].toSorted());
  expect(show(second.copy)).toEqual(['d/', 'd/other: new', 'd/same: same'].toSorted());
  expect(inodeOf(second.copy, 'd/same')).toBe(inodeOf(first.copy, 'd/same'));
  first.copy[Symbol.dispose]();
  second.copy[Symbol.dispose]();
  await contexts.close();
  expect(await contexts.list()).toHaveLength(1);
  expect(readdirSync(folder)).toHaveLength(1);
});

test('another part of a context takes what is there already', async () => {
  const whole = await sync([directory('d'), file('d/a', 'a'), file('d/b', 'b'), file('e', 'e')]);
  const part = await sync([directory('d'), file('d/b', 'b')], 'only d/b');
  expect(part.wanted).toEqual([]);
  expect(show(part.copy)).toEqual(['d/', 'd/b: b']);
  expect(part.copy.digests.get('d/b')).toBe(whole.copy.digests.get('d/b'));
  whole.copy[Symbol.dispose]();
  part.copy[Symbol.dispose]();
});

test('what came before a break is not sent again', async () => {
  {
    using update = await contexts.update(SOURCE, 'all');
    const a = await update.put(file('a', 'aaa'));
    const b = await update.put(file('b', 'bbb'));
    a?.write(Buffer.from('aaa'));
    a?.end();
    b?.write(Buffer.from('b'));
  }
  const { copy, wanted } = await sync([file('a', 'aaa'), file('b', 'bbb')]);
  expect(wanted).toEqual(['b']);
  expect(show(copy)).toEqual(['a: aaa', 'b: bbb']);
  copy[Symbol.dispose]();
});

test('a break in the middle of a change leaves what is known to be there', async () => {
  const first = await sync([file('a', 'a1'), file('b', 'b1'), file('c', 'c1')]);
  first.copy[Symbol.dispose]();
  {
    using update = await contexts.update(SOURCE, 'all');
    await update.put(file('b', 'b2', { mtimeNs: 1n }));
  }
  const { copy, wanted } = await sync([file('a', 'a1'), file('b', 'b1'), file('c', 'c1')]);
  expect(wanted).toEqual(['a', 'b']);
  expect(show(copy)).toEqual(['a: a1', 'b: b1', 'c: c1']);
  copy[Symbol.dispose]();
});

test('a file that changed while it was sent is wanted again', async () => {
  using update = await contexts.update(SOURCE, 'all');
  const log = await update.put(testEntry('log', { size: 4 }));
  log?.write(Buffer.from('grows and grows'));
  log?.end();
  const short = await update.put(testEntry('short', { size: 4 }));
  short?.write(Buffer.from('s'));
  short?.end();
  await update.endEntries();
  const copy = update.finish();
  expect(show(copy)).toEqual(['log: grow', 'short: s']);
  copy[Symbol.dispose]();
  const again = await sync([file('log', 'more'), file('short', 'full')]);
  expect(again.wanted).toEqual(['log', 'short']);
  again.copy[Symbol.dispose]();
});

test('the next engine knows what this one kept, and takes away what it was changing', async () => {
  const { copy } = await sync([file('a', 'one')]);
  copy[Symbol.dispose]();
  await contexts.close();
  const half = await contexts.update(SOURCE, 'other');
  await half.put(file('b', 'b'));
  contexts = openKeptContexts(folder, { log: silentLog });
  const again = await sync([file('a', 'one')]);
  expect(again.wanted).toEqual([]);
  expect(again.copy.digests.get('a')).toBe(sha256('one').slice('sha256:'.length));
  again.copy[Symbol.dispose]();
  await contexts.close();
  expect(readdirSync(folder)).toHaveLength(1);
});

test('what was kept before the system started again is not trusted', async () => {
  const { copy } = await sync([file('a', 'one')]);
  copy[Symbol.dispose]();
  await contexts.close();
  const [id = ''] = readdirSync(folder);
  const facts = join(folder, id, 'facts.json');
  writeFileSync(facts, readFileSync(facts, 'utf8').replace(/"boot /, '"boot of another time '));
  contexts = openKeptContexts(folder, { log: silentLog });
  const again = await sync([file('a', 'one')]);
  expect(again.wanted).toEqual(['a']);
  again.copy[Symbol.dispose]();
});

test('the oldest go when it is too much, and never what somebody looks at', async () => {
  contexts = openKeptContexts(folder, { log: silentLog, limits: { bytes: 10 } });
  const first = await sync([file('a', '12345678')], 'one');
  const second = await sync([file('b', '12345678')], 'two');
  expect(await contexts.list()).toHaveLength(2);
  second.copy[Symbol.dispose]();
  expect(show(first.copy)).toEqual(['a: 12345678']);
  expect((await contexts.list()).map(({ isInUse }) => isInUse)).toEqual([true]);
  first.copy[Symbol.dispose]();
  expect(await contexts.list()).toHaveLength(1);
});

test('what an owner sent who does not come again goes, once nobody looks at it', async () => {
  const { copy } = await sync([file('a', 'one')]);
  await contexts.forget('someone else');
  expect(await contexts.list()).toHaveLength(1);
  await contexts.forget(SOURCE.owner);
  expect(show(copy)).toEqual(['a: one']);
  copy[Symbol.dispose]();
  expect(await contexts.list()).toEqual([]);
  await contexts.close();
  expect(readdirSync(folder)).toEqual([]);
});

test.each<[string, Told]>([
  ['out of order', [file('b', ''), file('a', '')]],
  ['twice', [file('a', ''), file('a', '')]],
  ['above', [file('../a', '')]],
  ['absolute', [file('/a', '')]],
  ['not clean', [file('a/../b', '')]],
  ['itself', [file('.', '')]],
  ['empty', [file('', '')]],
  ['zero byte', [file('a\0b', '')]],
  ['without its folder', [file('a/b', '')]],
  ['below a file', [file('a', ''), file('a/b', '')]],
  ['below a link', [testEntry('a', { kind: 'symlink', target: '/tmp' }), file('a/b', 'x')]],
  ['a long name', [file('n'.repeat(256), '')]],
  ['a long path', [file(`${'n'.repeat(200)}/`.repeat(30), '')]],
  ['deep', [file('d/'.repeat(130), '')]],
])('a context with a path that is %s is refused', async (_, entries) => {
  using update = await contexts.update(SOURCE, 'all');
  await expect(tell(update, entries)).rejects.toThrow('the client sent a context that is refused');
});

test('a file without end is refused', async () => {
  using update = await contexts.update(SOURCE, 'all');
  const incoming = await update.put(testEntry('a', { size: 1 }));
  const chunk = Buffer.alloc(16 * 1024 * 1024);
  expect(() => {
    for (let count = 0; count < 8; count++) incoming?.write(chunk);
  }).toThrow('refused');
});

test('a context with too many entries is refused', async () => {
  contexts = openKeptContexts(folder, { log: silentLog, limits: { entries: 2 } });
  using update = await contexts.update(SOURCE, 'all');
  await expect(tell(update, [file('a', ''), file('b', ''), file('c', '')])).rejects.toThrow('refused');
});

/** What counts of it. */
const comparable = ({ inode, kind, size, attributes, ...entry }: SourceEntry): object => ({
  ...entry,
  // A walk does not read the last digits.
  attributes: { ...attributes, mtimeNs: Math.round(Number(attributes.mtimeNs) / 1e6) },
  kind,
  stamp: undefined,
  size: kind === 'file' ? size : 0,
  isLinked: inode !== '',
});

test('what is told of a copy is what lies on the disk', async () => {
  const { copy } = await sync([
    directory('d', { mode: 0o711, mtimeNs: 12n }),
    file('d/f', 'text', { mode: 0o640, uid: 7, gid: 8 }),
    testEntry('d/l', { kind: 'symlink', target: 'f', mode: 0o777 }),
    testEntry('d/p', { kind: 'fifo', mode: 0o600 }),
    testEntry('d/second', { target: 'd/f', size: 4, mode: 0o640, uid: 7, gid: 8 }),
    file('d-', 'beside'),
  ]);
  using root = openRoot(copy.path);
  const tree: SourceTree = { root, kind: 'context', digests: copy.digests, taken: new Map() };
  for (const path of ['', 'd', 'd/f']) {
    const looked = [...walkSource(tree, path)].map(comparable);
    const listed = [...walkSource({ ...tree, listing: copy.listing }, path)].map(comparable);
    expect(listed).toEqual(looked);
  }
  const empty = { below: () => [] };
  expect(walkSource({ ...tree, listing: empty }, 'd')).toHaveLength(1);
  const inodes = [...copy.listing.below('d')].filter(({ inode }) => inode !== '').map(({ inode }) => inode);
  expect(inodes).toEqual(['d/f', 'd/f']);
  copy[Symbol.dispose]();
});
