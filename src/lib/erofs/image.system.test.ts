import { execFileSync } from 'node:child_process';
import {
  closeSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { decodeName } from '#lib/files/name.ts';
import { tarHeader } from '#lib/tar/header.ts';
import { mountAt, unmount } from '#linux/mount.ts';
import { busyboxTar } from '../../../test/support/base-image.ts';
import { createLayerTree } from './create-layer-tree.ts';
import { compare, withMounted } from './test-compare.ts';
import { type Entry, tarOf } from './test-image.ts';
import { writeIndex } from './write-index.ts';

async function settings(): Promise<Buffer> {
  return execFileSync('tar', ['-C', '/', '--xattrs', '--acls', '--format=posix', '-c', 'etc'], { maxBuffer: 2 ** 30 });
}

const link = (name: string, linkName: string): Entry => ({ name, kind: 'symlink', linkName });
const hardLink = (name: string, linkName: string): Entry => ({ name, kind: 'link', linkName });
const acl = (...entries: [tag: number, permissions: number, id?: number][]): Buffer => {
  const value = Buffer.alloc(4 + 8 * entries.length);
  value.writeUInt32LE(2);
  for (const [index, [tag, permissions, id = 0xffffffff]] of entries.entries()) {
    value.writeUInt16LE(tag, 4 + 8 * index);
    value.writeUInt16LE(permissions, 6 + 8 * index);
    value.writeUInt32LE(id, 8 + 8 * index);
  }
  return value;
};
const xattrs = (values: Record<string, Buffer>): Pick<Entry, 'xattrs'> => ({
  xattrs: new Map(Object.entries(values)),
});
const capability = Buffer.from('0100000200200000000000000000000000000000', 'hex');

test('a tree of everything is the same mounted and unpacked', async () => {
  const long = 'n'.repeat(255);
  const tar = tarOf(
    { name: './', mode: 0o751, mtimeNs: 5n },
    { name: 'bin/', mode: 0o3775, uid: 7, gid: 8, mtimeNs: -5_000_000_001n },
    { name: 'bin/su', content: 'su', mode: 0o4755, gid: 42, mtimeNs: 1_600_000_000_987_654_321n },
    { name: 'bin/empty', mode: 0 },
    { name: 'bin/large', content: Buffer.alloc(70_001, 'large') },
    link('bin/link', 'su'),
    { ...link('bin/owned', '../bin/su'), uid: 9, gid: 4_000_000_000, mtimeNs: -1n },
    hardLink('bin/same', 'bin/su'),
    hardLink('bin/same-link', 'bin/link'),
    { name: 'dev/null', kind: 'character', major: 1, minor: 3, mode: 0o666 },
    { name: 'dev/disk', kind: 'block', major: 259, minor: 70_000, mode: 0o660, gid: 6 },
    { name: 'dev/zero-block', kind: 'block', major: 0, minor: 0 },
    { name: 'dev/far', kind: 'character', major: 4095, minor: 1_048_575 },
    { name: 'dev/pipe', kind: 'fifo', mode: 0o622 },
    hardLink('dev/pipe-too', 'dev/pipe'),
    { name: `deep/${'x/'.repeat(100)}${long}`, content: 'deep' },
    { name: decodeName(Buffer.from('odd\xff\xfe name\n', 'latin1')), content: 'odd' },
    link('ünï', decodeName(Buffer.from('\xe9', 'latin1'))),
    { name: '-', content: 'before the dots' },
    { name: '.-', content: 'between the dots' },
    { name: '...', content: 'behind the dots' },
    { name: 'late', mtimeNs: 9_000_000_000_123_456_789n },
    { name: 'old', mtimeNs: -2_000_000_000_999_999_999n },
    ...[1, 100, 440, 447, 448, 449, 480, 511, 512, 513, 1000, 1024, 4000, 4095].map((length) =>
      link(`links/${length}`, 't'.repeat(length)),
    ),
  );
  const seen = await compare(tar);
  expect(seen.get('bin/su')).toMatchObject({ mode: '104755', links: 2n, mtimeNs: 1_600_000_000_987_654_321n });
});

test('attributes, capabilities and access lists are the same mounted and unpacked', async () => {
  const named = acl([1, 7], [2, 6, 1000], [4, 5], [0x10, 7], [0x20, 0]);
  const tar = tarOf(
    { name: 'ping', ...xattrs({ 'security.capability': capability, 'user.note': Buffer.from('n') }) },
    { name: 'binary', ...xattrs({ 'user.bytes': Buffer.from([0, 10, 61, 255]), 'user.empty': Buffer.alloc(0) }) },
    { name: 'wide', ...xattrs({ 'trusted.wide': Buffer.alloc(3000, 'w'), 'user.b': Buffer.from('b') }) },
    { name: 'named', mode: 0o640, ...xattrs({ 'system.posix_acl_access': named }) },
    { name: 'plain', mode: 0o777, ...xattrs({ 'system.posix_acl_access': acl([1, 6], [4, 4], [0x20, 0]) }) },
    { name: 'broken', ...xattrs({ 'system.posix_acl_access': acl([1, 6], [4, 4]), 'user.': Buffer.from('x') }) },
    { name: 'unknown', ...xattrs({ 'system.other': Buffer.from('x'), 'odd.name': Buffer.from('x') }) },
    { name: 'folder/', ...xattrs({ 'user.one': Buffer.from('1'), 'user.two': Buffer.from('2') }) },
    { name: 'folder/', ...xattrs({ 'user.two': Buffer.from('3') }) },
    { name: 'again/', mode: 0o640, ...xattrs({ 'system.posix_acl_access': named, 'user.one': Buffer.from('1') }) },
    { name: 'again/', mode: 0o2715 },
    { name: 'default/', mode: 0o750, ...xattrs({ 'system.posix_acl_default': named }) },
    { name: 'default/file', content: 'inherits nothing' },
    { name: 'default/implicit/file' },
    { name: 'group/', mode: 0o2775, gid: 9 },
    { name: 'group/implicit/file' },
    { name: 'group/named/', mode: 0o755 },
    { name: 'device', kind: 'character', major: 1, minor: 3, ...xattrs({ 'user.no': Buffer.from('x') }) },
    { ...link('link', 'ping'), ...xattrs({ 'user.no': Buffer.from('x'), 'trusted.yes': Buffer.from('x') }) },
    { name: 'labelled', ...xattrs({ 'security.selinux': Buffer.from('system_u:object_r:bin_t:s0\0') }) },
    ...Array.from({ length: 40 }, (_, index) => ({
      name: `many/${index}`,
      ...xattrs({ [`user.${'k'.repeat(index * 5)}x`]: Buffer.alloc(index * 11, index) }),
    })),
  );
  const seen = await compare(tar);
  expect(seen.get('ping')?.xattrs['security.capability']).toBe(capability.toString('hex'));
  expect(seen.get('named')).toMatchObject({ mode: '100770' });
});

test('duplicates, replaced folders and links in odd orders are the same mounted and unpacked', async () => {
  await compare(
    tarOf(
      { name: 'twice', content: 'one' },
      { name: 'twice', content: 'two' },
      { name: 'replaced/a', content: 'a' },
      hardLink('kept', 'replaced/a'),
      { name: 'replaced', content: 'now a file' },
      { name: 'file', content: 'f' },
      { name: 'file/', mode: 0o700 },
      { name: 'file/inside', content: 'i' },
      { name: 'merged/', mode: 0o700, uid: 3 },
      { name: 'merged/a', content: 'a' },
      { name: 'merged/', mode: 0o755, uid: 4 },
      { name: 'lib/', mode: 0o700 },
      { name: 'usr/lib/' },
      link('lib', 'usr/lib'),
      { name: 'lib/through', content: 't' },
      link('abs', '/usr/lib'),
      { name: 'abs/through-too', content: 't' },
      link('up', '../../../usr/./lib/'),
      { name: 'up/third', content: 't' },
      link('chain', 'up'),
      { name: 'chain/new/folder/x', content: 'x' },
      link('usr/back', '../lib'),
      { name: 'usr/back/y', content: 'y' },
      hardLink('via-link', 'chain/third'),
      hardLink('twice', 'file/inside'),
      hardLink('self', 'kept'),
      hardLink('self', 'self'),
      { name: 'was/deep/x', content: 'x' },
      link('was', 'usr'),
      { name: 'was/lib/again', content: 'again' },
      { name: 'a/../b//c/./d', content: 'd' },
      { name: '/absolute', content: 'abs' },
      { name: 'lib64/' },
      link('lib64/ld', 'ld-1'),
      hardLink('ld', 'lib64/ld'),
    ),
  );
});

test('large folders and blocks filled to the brim are the same mounted and unpacked', async () => {
  const names = Array.from({ length: 10_000 }, (_, index) => ({
    name: `many/${((index * 7919) % 10_007).toString(36)}-${'x'.repeat(index % 60)}`,
  }));
  const sizes = [1, 2, 10, 13, 14, 15, 16, 17, 18, 30, 31, 32, 33, 34, 35, 36, 70].flatMap((count) =>
    Array.from({ length: count }, (_, index) => ({ name: `size-${count}/${'n'.repeat(count)}${index}` })),
  );
  const wide = Array.from({ length: 40 }, (_, index) => ({ name: `wide/${String(index).padStart(255, 'w')}` }));
  const seen = await compare(tarOf(...names, ...sizes, ...wide));
  expect(seen.size).toBe(10_000 + 1 + sizes.length + 17 + 41);
});

test('sparse files and empty layers are the same mounted and unpacked', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'sparse-'));
  execFileSync('truncate', ['-s', '3000000', join(folder.path, 'sparse')]);
  writeFileSync(join(folder.path, 'sparse'), 'some', { flag: 'r+' });
  const tar = execFileSync('tar', ['-C', folder.path, '--sparse', '--format=posix', '-c', 'sparse'], {
    maxBuffer: 1e8,
  });
  await compare(tar);
  expect((await compare(tarOf())).size).toBe(0);
  await compare(tarOf({ name: './', mode: 0o700 }));
});

test.each([
  ['a small base image', async () => readFileSync(await busyboxTar())],
  ['settings of a host', settings],
])('%s is the same mounted with direct I/O and unpacked', async (_what, tarOfIt) => {
  await compare(await tarOfIt(), ['ro', 'directio']);
});

test('a folder of a hundred thousand names is listed whole, and each is found', () => {
  const names = Array.from({ length: 100_000 }, (_, index) => `${(index * 7919) % 100_003}-${'x'.repeat(index % 60)}`);
  withMounted(tarOf(...names.map((name) => ({ name: `many/${name}` }))), (path) => {
    expect(readdirSync(join(path, 'many')).toSorted()).toEqual(names.toSorted());
    for (const name of names.slice(0, 3000)) expect(lstatSync(join(path, 'many', name)).isFile()).toBe(true);
    expect(() => lstatSync(join(path, 'many/missing'))).toThrow('ENOENT');
  });
});

test('content beyond 4 GiB and content in another file is where the index says', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'erofs-'));
  const [mounted, image, donor] = ['mounted', 'image', 'donor'].map((name) => join(folder.path, name)) as [
    string,
    string,
    string,
  ];
  mkdirSync(mounted);
  const size = 5 * 2 ** 30 + 700;
  const metadataOffset = 4096 + Math.ceil(size / 4096) * 4096;
  const tree = createLayerTree();
  tree.place(tree.add(tarHeader({ name: 'large', kind: 'file', size })) ?? 0, 8);
  tree.place(tree.add(tarHeader({ name: 'given', kind: 'file', size: 3000 })) ?? 0, 2 ** 31 + 3);
  tree.finish();
  const devices = [{ blocks: 16, address: 2 ** 31 }];
  const { superblock, metadata } = writeIndex(tree, { metadataOffset, devices });
  const given = Buffer.from(Array.from({ length: 8192 }, (_, index) => (index / 512) | 0));
  writeFileSync(donor, given);
  const fd = openSync(image, 'w');
  writeSync(fd, superblock, 0, superblock.length, 1024);
  writeSync(fd, 'end', 4096 + size - 3);
  let at = metadataOffset;
  for (const piece of metadata) at += writeSync(fd, piece, 0, piece.length, at);
  closeSync(fd);
  mountAt(mounted, { type: 'erofs', source: image, options: ['ro', `device=${donor}`] });
  try {
    expect(lstatSync(join(mounted, 'large')).size).toBe(size);
    const large = openSync(join(mounted, 'large'), 'r');
    const end = Buffer.alloc(10);
    expect(readSync(large, end, 0, 10, size - 3)).toBe(3);
    closeSync(large);
    expect(end.toString('latin1', 0, 3)).toBe('end');
    expect(readFileSync(join(mounted, 'given')).equals(given.subarray(3 * 512, 3 * 512 + 3000))).toBe(true);
  } finally {
    unmount(mounted);
  }
});
