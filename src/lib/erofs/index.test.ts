import { expect, test } from 'vitest';
import { DataLossError } from '#lib/errors.ts';
import { tarHeader } from '#lib/tar/header.ts';
import { createLayerTree } from './create-layer-tree.ts';
import { type IndexEntry, type ReadIndex, readIndex } from './read-index.ts';
import { type Entry, imageOf, tarOf } from './test-image.ts';
import { numbers } from './test-random.ts';
import { SUPERBLOCK_OFFSET, writeIndex } from './write-index.ts';

function reading(image: Buffer): ReadIndex {
  return readIndex((offset, length) => image.subarray(offset, offset + length));
}

test('a small image has the fields of the format', () => {
  const tree = createLayerTree();
  const node = tree.add(
    tarHeader({
      name: 'f', kind: 'file', size: 6_000_000_000, mode: 0o640, uid: 70_000, gid: 5, mtimeNs: -1_500_000_000n,
      xattrs: new Map([['user.k', Buffer.from('v')]]),
    }), // prettier-ignore
  );
  tree.place(node ?? 0, 0x80000010);
  tree.finish();
  const devices = [{ blocks: 77, address: 2 ** 31 }];
  const { superblock, metadata, metadataBytes } = writeIndex(tree, { metadataOffset: 8192, devices });
  const bytes = Buffer.concat([...metadata]);
  expect(bytes).toHaveLength(metadataBytes);
  expect(metadataBytes).toBe(4096);
  expect(superblock.readUInt32LE(0)).toBe(0xe0f5e1e2);
  expect(superblock[12]).toBe(9);
  expect(superblock.readBigUInt64LE(16)).toBe(2n);
  expect(superblock.readUInt32LE(36)).toBe((8192 + 4096) / 512);
  expect(superblock.readUInt32LE(40)).toBe(8192 / 512);
  expect(superblock.readUInt32LE(80)).toBe(8);
  expect([superblock.readUInt16LE(86), superblock.readUInt16LE(88)]).toEqual([1, 9]);
  expect([superblock.readUInt32LE(128 + 64), superblock.readUInt32LE(128 + 68)]).toEqual([77, 2 ** 31]);
  const root = superblock.readUInt16LE(14) * 32;
  expect(bytes.readUInt16LE(root)).toBe(5); // extended, flat inline
  expect(bytes.readUInt16LE(root + 4)).toBe(0o40755);
  expect(bytes.readBigUInt64LE(root + 8)).toBe(3n * 12n + 4n);
  expect(bytes.readUInt32LE(root + 44)).toBe(2);
  const names = bytes.subarray(root + 64);
  expect([8, 20, 32].map((at) => names.readUInt16LE(at))).toEqual([36, 37, 39]);
  expect([10, 22, 34].map((at) => names[at])).toEqual([2, 2, 1]);
  expect(names.toString('latin1', 36, 40)).toBe('...f');
  const file = bytes.subarray(names.readUInt32LE(24) * 32);
  expect(file.readUInt16LE(0)).toBe(1); // extended, flat plain
  expect(file.readUInt16LE(2)).toBe(3); // 12 bytes and two words
  expect(file.readUInt16LE(4)).toBe(0o100640);
  expect(file.readBigUInt64LE(8)).toBe(6_000_000_000n);
  expect(file.readUInt32LE(16)).toBe(0x80000010);
  expect([file.readUInt32LE(24), file.readUInt32LE(28)]).toEqual([70_000, 5]);
  expect([file.readBigInt64LE(32), file.readUInt32LE(40), file.readUInt32LE(44)]).toEqual([-2n, 500_000_000, 1]);
  expect(file.toString('hex', 76, 84)).toBe('01010100' + Buffer.from('kv\0\0').toString('hex'));
});

const corpus: Entry[] = [
  { name: './', mode: 0o750 },
  { name: 'bin/', mode: 0o1777, uid: 3, gid: 4, mtimeNs: 5n },
  { name: 'bin/file', content: Buffer.alloc(1000, 'x'), mode: 0o4755, mtimeNs: -1n },
  { name: 'bin/again', kind: 'link', linkName: 'bin/file' },
  { name: 'bin/link', kind: 'symlink', linkName: 'file' },
  { name: 'bin/far', kind: 'symlink', linkName: 't'.repeat(1500) },
  { name: 'dev/null', kind: 'character', major: 1, minor: 3 },
  { name: 'dev/disk', kind: 'block', major: 8, minor: 300 },
  { name: 'dev/pipe', kind: 'fifo' },
  { name: '.wh.gone' },
  { name: 'empty' },
  ...Array.from({ length: 300 }, (_, index) => ({ name: `many/${index}-${'n'.repeat(index % 100)}`, content: 'c' })),
  { name: 'marked', xattrs: new Map([['user.wide', Buffer.alloc(700, 'w')]]) },
];

test('what was written is read back', () => {
  const image = Buffer.concat(imageOf(tarOf(...corpus)).pieces);
  const index = reading(image);
  const entries = new Map([...index.entries()].map((entry): [string, IndexEntry] => [entry.path, entry]));
  expect(index.inodes).toBe(entries.size); // one name more than inodes, and the root has none
  expect(entries.get('bin/file')).toMatchObject({ kind: 'file', size: 1000, mode: 0o4755, mtimeNs: -1n, links: 2 });
  expect(entries.get('bin/again')).toEqual({ ...entries.get('bin/file'), path: 'bin/again' });
  const at = (entries.get('bin/file')?.address ?? 0) * 512;
  expect(image.toString('latin1', at, at + 1000)).toBe('x'.repeat(1000));
  expect(entries.get('bin')).toMatchObject({ kind: 'directory', mode: 0o1777, uid: 3, gid: 4, mtimeNs: 5n, links: 2 });
  expect(entries.get('bin/far')).toMatchObject({ kind: 'symlink', linkName: 't'.repeat(1500), mode: 0o777 });
  expect(entries.get('dev/disk')).toMatchObject({
    kind: 'block',
    device: (300 & 0xff) | (8 << 8) | ((300 & ~0xff) << 12),
  });
  expect(entries.get('gone')).toMatchObject({ kind: 'character', device: 0 });
  expect(entries.get('empty')).toMatchObject({ size: 0, address: 0 });
  expect([...entries.keys()].filter((path) => path.startsWith('many/'))).toHaveLength(300);
});

test('an index of many buffers is whole', () => {
  const tree = createLayerTree();
  const names: string[] = [];
  for (let index = 0; index < 60_000; index++) {
    const name = `${index % 300}/${index % 7}/${'n'.repeat(index % 90)}${index}`;
    const isLink = index % 5 === 0;
    const node = tree.add(
      tarHeader({ name, kind: isLink ? 'symlink' : 'file', linkName: 'l'.repeat(1 + (index % 600)), size: 1 }),
    );
    if (node !== undefined) tree.place(node, 8 + index);
    names.push(name);
  }
  tree.finish();
  const { superblock, metadata, metadataBytes } = writeIndex(tree, { metadataOffset: 4096 });
  const pieces = [...metadata];
  expect(pieces.length).toBeGreaterThan(4);
  const image = Buffer.concat([Buffer.alloc(SUPERBLOCK_OFFSET), superblock, ...pieces]);
  expect(image.length).toBe(4096 + metadataBytes);
  const entries = [...reading(image).entries()];
  expect(
    entries
      .filter(({ kind }) => kind !== 'directory')
      .map(({ path }) => path)
      .toSorted(),
  ).toEqual(names.toSorted());
});

test('damaged bytes end in an error or in another tree, never in a loop or outside the index', () => {
  const { pieces, metadataOffset } = imageOf(tarOf(...corpus));
  const image = Buffer.concat(pieces);
  const random = numbers(4);
  const next = (below: number): number => random.next().value % below;
  let refused = 0;
  for (let round = 0; round < 700; round++) {
    const copy = Buffer.from(image.subarray(metadataOffset));
    for (let flips = 1 + next(4); flips > 0; flips--) copy[next(copy.length)] = next(3) === 0 ? 0xff : next(256);
    const readAt = (offset: number, length: number): Buffer => {
      expect(offset >= metadataOffset || offset + length <= 4096).toBe(true);
      expect(offset + length).toBeLessThanOrEqual(image.length);
      return offset < 4096
        ? image.subarray(offset, offset + length)
        : copy.subarray(offset - metadataOffset, offset - metadataOffset + length);
    };
    try {
      expect([...readIndex(readAt).entries()].length).toBeLessThan(copy.length / 12);
    } catch (error) {
      expect(error).toBeInstanceOf(DataLossError);
      refused += 1;
    }
  }
  expect(refused).toBeGreaterThan(70);
});

test.each([
  ['no superblock', (image: Buffer) => image.fill(0, SUPERBLOCK_OFFSET, 4096)],
  ['an end before its beginning', (image: Buffer) => image.writeUInt32LE(1, SUPERBLOCK_OFFSET + 36)],
  ['a broken table of devices', (image: Buffer) => image.writeUInt32LE(8, SUPERBLOCK_OFFSET + 80)],
])('an image with %s is refused', (_what, damage) => {
  const image = Buffer.concat(imageOf(tarOf(...corpus)).pieces);
  damage(image);
  expect(() => [...reading(image).entries()]).toThrow(DataLossError);
});

test('an image that was cut off is refused', () => {
  const { pieces, metadataOffset } = imageOf(tarOf(...corpus));
  expect(() => [...reading(Buffer.concat(pieces).subarray(0, metadataOffset + 600)).entries()]).toThrow(
    'end is missing',
  );
});
