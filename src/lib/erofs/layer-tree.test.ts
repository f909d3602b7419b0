import { expect, test } from 'vitest';
import { InvalidArgumentError } from '#lib/errors.ts';
import { decodeName } from '#lib/files/name.ts';
import { tarHeader } from '#lib/tar/header.ts';
import { createLayerTree } from './create-layer-tree.ts';
import type { TreeFacts } from './layer-tree.ts';
import { readIndex } from './read-index.ts';
import { type Entry, imageOf, tarOf } from './test-image.ts';

const link = (name: string, linkName: string): Entry => ({ name, kind: 'symlink', linkName });
const hardLink = (name: string, linkName: string): Entry => ({ name, kind: 'link', linkName });
const overlay = (name: string): Entry => ({ name: 'f', xattrs: new Map([[name, Buffer.from('y')]]) });

function factsOf(...entries: Entry[]): TreeFacts {
  return imageOf(tarOf(...entries)).facts;
}

/** Paths of a layer's index; whiteouts with a minus, folders with a slash, links with their target. */
function pathsOf(...entries: Entry[]): string[] {
  const image = Buffer.concat(imageOf(tarOf(...entries)).pieces);
  return [...readIndex((offset, length) => image.subarray(offset, offset + length)).entries()]
    .map(({ path, kind, device, linkName }) => {
      if (kind === 'character' && device === 0) return `-${path}`;
      if (kind === 'symlink') return `${path} -> ${linkName}`;
      return kind === 'directory' ? `${path}/` : path;
    })
    .toSorted();
}

test.each<[what: string, entries: Entry[], names: string]>([
  ['a name with dots', [{ name: '../outside/new' }], '../outside/new'],
  ['dots inside a name', [{ name: 'a/../../outside/new' }], 'a/../../outside/new'],
  ['a hard link to dots', [hardLink('x', '../outside')], '../outside'],
  ['a hard link to a directory', [{ name: 'd/' }, hardLink('x', 'd')], 'x'],
  ['a hard link to the root', [hardLink('x', '/')], 'x'],
  ['a hard link to itself', [hardLink('x', 'x')], 'x'],
  ['hard links in a circle', [hardLink('x', 'y'), hardLink('y', 'x')], 'x'],
  ['a hard link over its own target', [{ name: 'd/a' }, hardLink('d', 'd/a')], 'd'],
  ['a hard link through a file', [{ name: 'f' }, hardLink('x', 'f/y')], 'f'],
  ['a hard link that turns out to lead to a directory', [hardLink('x', 'd'), { name: 'd/' }], 'x'],
  ['a file below a file', [{ name: 'f' }, { name: 'f/x' }], 'f'],
  ['a file below a link to what comes later', [hardLink('a', 'b'), { name: 'a/x' }], 'a'],
  ['symbolic links in a circle', [link('a', 'b'), link('b', 'a'), { name: 'a/x' }], 'a'],
  [
    'a path through links that go to and fro',
    [link('a', 'b/../'.repeat(800)), { name: 'b/' }, link('c', 'a/'.repeat(30)), { name: 'c/x' }],
    'c',
  ],
  ['a symbolic link to nothing', [{ ...link('empty', ''), linkName: '' }], 'empty'],
  ['a symbolic link longer than any path', [link('long', 'x'.repeat(4096))], 'long'],
  ['a whiteout of nothing', [{ name: '.wh.' }], '.wh.'],
  ['a whiteout of the folder', [{ name: 'd/.wh..' }], 'd/.wh..'],
  ['a whiteout of the parent', [{ name: 'd/.wh...' }], 'd/.wh...'],
  ['something below a whiteout', [{ name: '.wh.d/x' }], '.wh.d/x'],
  ['an opaque mark in a file', [{ name: 'f' }, { name: 'f/.wh..wh..opq' }], 'f'],
  ['a device that is a whiteout', [{ name: 'etc', kind: 'character' }], 'etc'],
  ['a device that becomes a whiteout when it is cut to size', [{ name: 'etc', kind: 'character', major: 4096 }], 'etc'],
  ['an attribute of overlayfs', [overlay('trusted.overlay.opaque')], 'f'],
  ['an attribute of overlayfs without privilege', [overlay('user.overlay.redirect')], 'f'],
  ['a capability that is none', [{ name: 'f', xattrs: new Map([['security.capability', Buffer.alloc(12)]]) }], 'f'],
  ['an attribute too large', [{ name: 'f', xattrs: new Map([['user.x', Buffer.alloc(65_536)]]) }], 'f'],
  ['a root that is a file', [{ name: '.', kind: 'file' }], 'root'],
  ['a path deeper than any honest one', [{ name: `${'d/'.repeat(300)}x` }], 'd/d'],
  ['a path longer than any that there can be', [{ name: `${'n'.repeat(250)}/`.repeat(200) }], 'nnn'],
  ['a hard link to a path longer than any', [hardLink('x', 'd/'.repeat(40_000))], 'd/d'],
  ['a name longer than a file system takes', [{ name: 'n'.repeat(256) }], 'nnn'],
  ['a name of many bytes and few letters', [{ name: 'ü'.repeat(128) }], 'üüü'],
  ['an owner that there is not', [{ name: 'f', uid: 4_294_967_295 }], 'f'],
])('%s is refused by name', (_what, entries, names) => {
  let thrown: unknown;
  try {
    factsOf(...entries);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(InvalidArgumentError);
  expect((thrown as Error).message).toContain(names);
});

test('folders that no entry names are told, parents first', () => {
  const { needs, inodes, contentBytes } = factsOf(
    { name: 'named/' },
    { name: 'named/inside/x', content: 'abc' },
    { name: 'a/b/c/', mode: 0o700 },
    { name: 'a/b/', mode: 0o711 },
    { name: 'gone/x' },
    { name: 'gone' },
    hardLink('named/y', 'named/inside/x'),
  );
  expect(needs).toEqual({ hasRoot: false, implicit: ['a', 'named/inside'], clearsRoot: false, links: [] });
  // The root, six folders but the one that is gone, two files.
  expect({ inodes, contentBytes }).toEqual({ inodes: 8, contentBytes: 3 });
});

test('hard links find files that come later, and ask the layers below for the others', () => {
  const { needs } = factsOf(
    link('lib', 'usr/lib'),
    { name: 'usr/lib/' },
    hardLink('first', 'second'),
    hardLink('second', 'lib/file'),
    hardLink('lost', 'lib/other/file'),
    hardLink('usr/lib/lost-too', 'lost'),
    hardLink('replaced', 'nowhere'),
    { name: 'usr/lib/file', content: 'x' },
    { name: 'replaced' },
  );
  expect(needs.links).toEqual([
    { path: 'lost', target: 'usr/lib/other/file' },
    { path: 'usr/lib/lost-too', target: 'usr/lib/other/file' },
  ]);
  const image = Buffer.concat(
    imageOf(tarOf(hardLink('a', 'b'), hardLink('b', 'c'), { name: 'c', content: 'x' }, hardLink('d', 'a'))).pieces,
  );
  const entries = [...readIndex((offset, length) => image.subarray(offset, offset + length)).entries()];
  expect(entries.map(({ path, links }) => `${path} ${links}`)).toEqual(['a 4', 'b 4', 'c 4', 'd 4']);
  expect(new Set(entries.map(({ ino }) => ino)).size).toBe(1);
});

test('whiteouts become devices, wherever they stand, and never hide what the layer has', () => {
  expect(
    pathsOf(
      { name: 'd/.wh.gone' },
      { name: '.wh.new' },
      { name: 'new', content: 'x' },
      { name: 'd/' },
      { name: 'e/y' },
      { name: '.wh.e' },
      { name: 'deleted/.wh.inside' },
      { name: '.wh.deleted' },
      { name: 'deleted/.wh..wh..opq' },
      { name: '.wh..wh.plnk/' },
      { name: '.wh..wh.plnk/12.34' },
      link('l', 'd'),
      { name: 'l/.wh.through' },
    ),
  ).toEqual(['-d/gone', '-d/through', '-deleted', 'd/', 'e/', 'e/y', 'l -> d', 'new']);
});

test('an opaque root is told, and an opaque folder marked', () => {
  expect(factsOf({ name: 'a' }, { name: '.wh..wh..opq' }).needs.clearsRoot).toBe(true);
  const { needs } = factsOf({ name: 'a/b/.wh..wh..opq' });
  expect(needs).toMatchObject({ clearsRoot: false, implicit: ['a', 'a/b'] });
  const image = Buffer.concat(imageOf(tarOf({ name: 'a/b/.wh..wh..opq' })).pieces);
  expect(image.includes('overlay.opaquey')).toBe(true);
});

test('equal tars give equal bytes', () => {
  const tar = tarOf(
    ...Array.from({ length: 500 }, (_, index) => ({ name: `${index % 7}/${index}`, content: String(index) })),
    { name: 'x', xattrs: new Map([['user.b', Buffer.from('b')], ['user.a', Buffer.from('a')]]) }, // prettier-ignore
  );
  expect(Buffer.concat(imageOf(tar).pieces).equals(Buffer.concat(imageOf(tar).pieces))).toBe(true);
});

test('hundreds of thousands of files fit in memory', () => {
  const tree = createLayerTree();
  const before = process.memoryUsage().arrayBuffers;
  for (let index = 0; index < 400_000; index++)
    tree.add(tarHeader({ name: `usr/lib/node_modules/package-${index >> 8}/lib/file-${index}.js`, kind: 'file' }));
  const { inodes } = tree.finish();
  expect(inodes).toBe(400_000 + 4 + 2 * 1563);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(70 * 1024 ** 2);
});

test('names are bytes', () => {
  const odd = decodeName(Buffer.from('odd\xff/\xfe', 'latin1'));
  expect(pathsOf({ name: odd }, { name: 'ünï/ç' })).toEqual(['odd\udcff/', odd, 'ünï/', 'ünï/ç'].toSorted());
});
