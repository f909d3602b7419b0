import { createHash } from 'node:crypto';
import { type BigIntStats, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { expect, test } from 'vitest';
import { getXattr, listXattrs } from '#linux/xattr.ts';
import { type Entry, stackTar, tarOf, viewed } from './conformance.ts';
import { FORMS, openTestSnapshots, type TestSnapshots } from './test-snapshots.ts';

const xattrs = (...pairs: readonly [string, string][]): ReadonlyMap<string, Buffer> =>
  new Map(pairs.map(([name, value]) => [name, Buffer.from(value, 'hex')]));

const capability: [string, string] = ['security.capability', '0100000200200000000000000000000000000000'];
/** user::rw-, user:7:r--, group::r--, mask::r--, other::--- */
const acl: [string, string] = [
  'system.posix_acl_access',
  '020000000100060000000000020004000700000004000400ffffffff10000400ffffffff20000000ffffffff',
];
const link = (name: string, linkName: string, more: Partial<Entry> = {}): Entry => ({
  name,
  kind: 'link',
  linkName,
  ...more,
});
const symlink = (name: string, linkName: string, more: Partial<Entry> = {}): Entry => ({
  name,
  kind: 'symlink',
  linkName,
  ...more,
});
const big = 'sixteen bytes...'.repeat(5000);

/** Layers from the lowest up. */
const STACKS: Readonly<Record<string, readonly (readonly Entry[])[]>> = {
  'all kinds of files': [
    [
      { name: './', mode: 0o2755, uid: 1, gid: 2, mtimeNs: 1_000_000_000_000_000_001n },
      { name: 'bin/', mode: 0o3775, uid: 7, gid: 8, mtimeNs: -5_000_000_001n },
      { name: 'bin/su', content: 'su', mode: 0o6755, gid: 42, mtimeNs: 1_600_000_000_987_654_321n },
      link('bin/same', 'bin/su'),
      link('bin/again', './bin/same'),
      { name: 'bin/ping', content: 'ping', uid: 5, xattrs: xattrs(capability, ['user.note', '00ff0a']) },
      symlink('bin/sh', 'su', { uid: 9, mtimeNs: 1_000_000_001n }),
      symlink('bin/long', `${'x/'.repeat(300)}y`),
      { name: 'dev/', mode: 0o755 },
      { name: 'dev/null', kind: 'character', major: 1, minor: 3, mode: 0o666, mtimeNs: 5n },
      { name: 'dev/disk', kind: 'block', major: 259, minor: 70_000, mode: 0o660, gid: 6 },
      { name: 'dev/pipe', kind: 'fifo', mode: 0o622 },
      { name: 'etc/acl', content: 'acl', mode: 0o640, xattrs: xattrs(acl) },
      { name: 'etc/empty', xattrs: xattrs(['user.empty', '']) },
      { name: 'etc/big', content: big, uid: 4_000_000, gid: 4_294_967_294 },
      { name: 'etc/\u{1F600} \n\\name', content: 'odd' },
      { name: `deep/${'d/'.repeat(60)}file`, content: 'deep' },
      ...Array.from({ length: 300 }, (_, index) => ({ name: `many/file-${index}`, content: `${index}` })),
    ],
  ],
  'entries that replace each other': [
    [
      { name: 'a', content: 'first' },
      { name: 'a', content: 'second' },
      { name: 'd/x', content: 'x' },
      { name: 'd', content: 'a file now' },
      { name: 'f', content: 'a file' },
      { name: 'f/', mode: 0o700 },
      { name: 'f/y', content: 'y' },
      symlink('l', 'f'),
      { name: 'l/z', content: 'through a link' },
      link('early', 'late'),
      { name: 'late', content: 'came later' },
      link('early', 'other'),
      link('twice', 'early'),
      { name: 'other', content: 'the other' },
    ],
  ],
  'attributes of folders that only lower layers name': [
    [
      { name: 'opt/', mode: 0o1750, uid: 4, gid: 5, mtimeNs: 123_456_789_012n, xattrs: xattrs(['user.a', '61']) },
      { name: 'opt/lib/', mode: 0o711, uid: 6, mtimeNs: 55n },
      { name: 'opt/lib/one', content: '1' },
      { name: 'srv', content: 'a file' },
      symlink('var', 'opt'),
    ],
    [
      { name: 'opt/lib/two', content: '2' },
      { name: 'srv/www/x', content: 'x' },
      { name: 'var/log/x', content: 'x' },
      { name: 'new/folder/x', content: 'x' },
    ],
    [
      { name: 'opt/', mode: 0o700, mtimeNs: 77n },
      { name: 'opt/lib/three', content: '3' },
    ],
    [{ name: 'opt/lib/four', content: '4' }],
  ],
  'what is hidden': [
    [
      { name: 'd/a', content: 'a' },
      { name: 'd/b', content: 'b' },
      { name: 'e/', mode: 0o750, uid: 3 },
      { name: 'e/x', content: 'x' },
      { name: 'f' },
      { name: 'keep/', uid: 8 },
      { name: 'keep/k', content: 'k' },
      { name: 'usr/', mode: 0o711 },
      { name: 'usr/lib/', mode: 0o710, gid: 3 },
      { name: 'usr/lib/x' },
    ],
    [
      { name: 'd/a', content: 'new' },
      { name: 'd/.wh.a' },
      { name: 'd/.wh.b' },
      { name: '.wh.e' },
      { name: 'e/y' },
      { name: '.wh.f' },
      { name: '.wh.never-there' },
      { name: 'usr/', mode: 0o700 },
      { name: 'usr/.wh..wh..opq' },
      { name: 'usr/lib/y', content: 'y' },
    ],
    [{ name: 'e/z', content: 'z' }],
  ],
  'a root that hides all': [
    [
      { name: 'd/a' },
      { name: 'e/', uid: 3 },
      { name: 'e/x' },
      { name: 'f' },
      { name: 'g/h/', uid: 4 },
      { name: 'g/h/i' },
    ],
    [{ name: 'e/y' }, { name: '.wh..wh..opq' }, { name: 'g/h/j' }, { name: 'f', content: 'f' }],
    [{ name: 'd/', mode: 0o700 }, { name: 'e/z' }],
  ],
  'hard links into lower layers': [
    [
      { name: 'opt/', uid: 4, mtimeNs: 99n },
      { name: 'opt/a', content: big, mode: 0o4711, uid: 3, mtimeNs: 7n, xattrs: xattrs(['user.a', '61']) },
      symlink('opt/l', 'a', { uid: 2 }),
      { name: 'usr/', uid: 9 },
      { name: 'usr/share/', uid: 10 },
    ],
    [
      link('b', 'opt/a'),
      link('usr/share/c', 'opt/a'),
      link('m', '/opt/l'),
      link('n', 'b'),
      { name: 'usr/', mode: 0o700, uid: 11 },
    ],
    [link('again', 'usr/share/c'), { name: '.wh.b' }, { name: 'opt/.wh..wh..opq' }, link('from-hidden', 'opt/a')],
  ],
  'roots that some layers name': [[{ name: 'a' }], [{ name: './', mode: 0o711, uid: 5, mtimeNs: 3n }], [{ name: 'b' }]],
  'a layer that comes again': [
    [
      { name: 'd/', uid: 2 },
      { name: 'd/a', content: 'a' },
      { name: '.wh.x' },
      { name: 'f', content: 'f' },
      { name: 'o/.wh..wh..opq' },
    ],
    [
      { name: 'd/.wh.a' },
      { name: 'd/b', content: 'b' },
      { name: 'x' },
      { name: 'f/', uid: 1 },
      { name: 'f/y' },
      { name: 'o/z' },
    ],
    [
      { name: 'd/', uid: 2 },
      { name: 'd/a', content: 'a' },
      { name: '.wh.x' },
      { name: 'f', content: 'f' },
      { name: 'o/.wh..wh..opq' },
    ],
    [{ name: 'd/c' }],
  ],
  'nothing at all': [[], [{ name: 'a' }], []],
};

/** Everything that a program can see of a file. */
function describeFile(path: string, stats: BigIntStats): Record<string, unknown> {
  return {
    mode: stats.mode.toString(8),
    owner: `${stats.uid}:${stats.gid}`,
    mtimeNs: stats.mtimeNs,
    xattrs: listXattrs(path).map((name) => [name, getXattr(path, name)?.toString('hex')]),
    // A folder that is put together of several has always one link.
    ...(stats.isDirectory() ? {} : { size: stats.size, rdev: stats.rdev, nlink: stats.nlink }),
    ...(stats.isSymbolicLink() && { target: readlinkSync(path) }),
    ...(stats.isFile() && { content: createHash('sha256').update(readFileSync(path)).digest('hex') }),
  };
}

function describeTree(root: string): Record<string, unknown> {
  const tree: Record<string, unknown> = { '.': describeFile(root, lstatSync(root, { bigint: true })) };
  const first = new Map<string, string>();
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' }).toSorted();
  for (const name of names) {
    const path = `${root}/${name}`;
    const stats = lstatSync(path, { bigint: true });
    const known = stats.isDirectory() ? undefined : first.get(`${stats.dev}:${stats.ino}`);
    tree[name] = { ...describeFile(path, stats), sameAs: known };
    if (known === undefined) first.set(`${stats.dev}:${stats.ino}`, name);
  }
  return tree;
}

async function stackAll(rig: TestSnapshots, stack: readonly (readonly Entry[])[]): Promise<string[]> {
  const names = stack.map((_, index) => `layer-${index}`);
  for (const [index, entries] of stack.entries())
    await stackTar(rig, { name: `layer-${index}`, parent: names[index - 1] }, tarOf(...entries));
  return names;
}

test.each(Object.entries(STACKS))('every form shows the same: %s', async (_what, stack) => {
  const shown: Record<string, unknown>[] = [];
  for (const form of FORMS) {
    await using rig = await openTestSnapshots({ form });
    const all: Record<string, unknown> = {};
    for (const name of await stackAll(rig, stack)) {
      const { snapshots } = rig;
      all[name] = await viewed(snapshots, name, (path) => describeTree(path));
      all[`${name} changes`] = await Array.fromAsync(snapshots.changes(name));
      all[`${name} bytes`] = (await snapshots.stat(name)).bytes;
    }
    shown.push(all);
  }
  const directory = shown.at(-1) ?? {};
  for (const [index, form] of FORMS.entries()) expect(differences(shown[index] ?? {}, directory), form).toEqual([]);
});

/** What two records do not agree in, entry by entry. */
function differences(a: Record<string, unknown>, b: Record<string, unknown>, at = ''): unknown[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].flatMap((key) => {
    const [left, right] = [a[key], b[key]];
    if (isRecord(left) && isRecord(right)) return differences(left, right, `${at}${key} > `);
    return isDeepStrictEqual(left, right) ? [] : [[`${at}${key}`, left, right]];
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
