import { expect, test } from 'vitest';
import { readIndex } from '#lib/erofs/read-index.ts';
import { imageOf, tarOf } from '#lib/erofs/test-image.ts';
import { DataLossError } from '#lib/errors.ts';
import { indexFiles } from './index-files.ts';

const tar = tarOf(
  { name: 'a/' },
  ...Array.from({ length: 200 }, (_, index) => ({
    name: `a/folder-${index % 7}/${'long'.repeat(index % 20)}file-${index}`,
    content: Buffer.alloc(1 + index * 37, index),
  })),
  { name: 'a/empty', content: Buffer.alloc(0) },
  { name: 'a/link', kind: 'symlink', linkName: 'x'.repeat(700) },
  { name: 'same', kind: 'link', linkName: 'a/folder-3/longlonglongfile-3' },
);

function imageBytes(): { image: Buffer; metaOffset: number } {
  const { pieces, metadataOffset } = imageOf(tar);
  return { image: Buffer.concat(pieces), metaOffset: metadataOffset };
}

function filesOf(image: Buffer, metaOffset: number): unknown[] {
  return [...indexFiles(image.subarray(0, 4096), { metadata: image.subarray(metaOffset), metaOffset })]
    .map(({ path, bytes, address }) => ({ path, bytes, address }))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

test('files are those that a whole reading of the index finds', () => {
  const { image, metaOffset } = imageBytes();
  const inodes = new Set<number>();
  const all = [...readIndex((offset, length) => image.subarray(offset, offset + length)).entries()];
  const expected = all
    .filter(({ kind, size }) => kind === 'file' && size > 0)
    .filter(({ ino }) => inodes.size < inodes.add(ino).size)
    .map(({ path, size, address }) => ({ path, bytes: size, address }));
  const found = filesOf(image, metaOffset) as typeof expected;
  expect(found).toHaveLength(200);
  // Of a file with two names either may be told.
  expect(new Set(found.map(({ address }) => address))).toEqual(new Set(expected.map(({ address }) => address)));
  const byPath = new Map(all.map((entry) => [entry.path, entry]));
  for (const { path, bytes, address } of found) expect(byPath.get(path)).toMatchObject({ size: bytes, address });
});

test('an index with any byte changed is read to its end or refused', () => {
  const { image, metaOffset } = imageBytes();
  for (let at = metaOffset; at < image.length; at += 61) {
    const damaged = Buffer.from(image);
    damaged[at] = (damaged[at] ?? 0) ^ (1 << (at % 7));
    try {
      expect(filesOf(damaged, metaOffset).length).toBeLessThan(1000);
    } catch (error) {
      expect(error).toBeInstanceOf(DataLossError);
    }
  }
});
