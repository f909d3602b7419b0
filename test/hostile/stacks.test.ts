import { expect, test } from 'vitest';
import { loadImages } from '#engine/images/load-images.ts';
import type { MountForm } from '#engine/layers/layer-store.ts';
import { openHostileStore } from './hostile-store.ts';
import { configOf, digestOf } from './image-archive.ts';
import { device, entry, file, folder, hardLink, symlink, tar } from './raw-tar.ts';

/** Layers from the lowest up, and what becomes of them as an image. */
interface HostileStack {
  what: string;
  layers: readonly Buffer[];
  refused?: RegExp;
  tree?: Readonly<Record<string, string>>;
}

function stackCases(outside: string): HostileStack[] {
  const inside = outside.slice(1);
  return [
    {
      what: 'a file below a link of a lower layer',
      layers: [tar(symlink('d', outside)), tar(file('d/evil'))],
      tree: { 'd/evil': 'file content' },
    },
    {
      what: 'a file below a link of a lower layer that leads up',
      layers: [tar(symlink('d', `../../../..${outside}`)), tar(file('d/secret', 'evil'))],
      tree: { 'd/secret': 'file evil' },
    },
    {
      what: 'a whiteout below a link of a lower layer',
      layers: [tar(symlink('d', outside)), tar(file('d/.wh.secret', ''))],
    },
    {
      what: 'an opaque mark below a link of a lower layer',
      layers: [tar(symlink('d', outside)), tar(file('d/.wh..wh..opq', ''))],
    },
    {
      what: 'a hard link through a link of a lower layer',
      layers: [tar(symlink('l', outside)), tar(hardLink('x', 'l/secret'))],
      refused: /x.*secret/,
    },
    {
      what: 'a hard link to a link of a lower layer',
      layers: [tar(symlink('l', `${outside}/secret`)), tar(hardLink('x', 'l'))],
      tree: { x: `-> ${outside}/secret` },
    },
    {
      what: 'a hard link to a folder of a lower layer',
      layers: [tar(folder('d/')), tar(hardLink('x', 'd'))],
      refused: /x.*d/,
    },
    {
      what: 'a hard link through links in a circle below',
      layers: [tar(symlink('a', 'b'), symlink('b', 'a')), tar(hardLink('x', 'a/f'))],
      refused: /a\/f|x/,
    },
    {
      what: 'a hard link to what a lower layer took away',
      layers: [tar(file('f')), tar(file('.wh.f', '')), tar(hardLink('x', 'f'))],
      refused: /x.*f/,
    },
    {
      what: 'a hard link to a file of the host below an absolute link',
      layers: [tar(symlink('etc', '/etc')), tar(hardLink('x', 'etc/passwd'))],
      refused: /x.*etc\/passwd/,
    },
    {
      what: 'a file below a file of a lower layer',
      layers: [tar(file('f')), tar(file('f/x'))],
      tree: { 'f/x': 'file content' },
    },
    {
      what: 'a file below a device of a lower layer',
      layers: [tar(device('n', 1, 3)), tar(file('n/x'))],
      tree: { 'n/x': 'file content' },
    },
    {
      what: 'an opaque root',
      layers: [tar(file('a'), file('d/b')), tar(file('.wh..wh..opq', ''), file('c'))],
      tree: { c: 'file content' },
    },
    {
      what: 'a whiteout of everything, by name',
      layers: [tar(file(`${inside}/secret`, 'mine')), tar(file(`.wh.${inside.split('/')[0]}`, ''))],
    },
    {
      what: 'a whiteout and a folder of one name',
      layers: [tar(file('d/a')), tar(file('.wh.d', ''), file('d/b'))],
      tree: { 'd/b': 'file content' },
    },
    {
      what: 'a link in place of the folder that a lower layer has',
      layers: [tar(file('d/a')), tar(symlink('d', outside)), tar(file('d/evil'))],
      tree: { 'd/evil': 'file content' },
    },
    {
      what: 'one layer, ten times',
      layers: Array.from({ length: 10 }, () => tar(file('f'))),
      tree: { f: 'file content' },
    },
    {
      what: 'a hundred and sixty layers',
      layers: Array.from({ length: 160 }, (_, index) => tar(file(`f${index}`))),
      tree: { f0: 'file content', f159: 'file content' },
    },
    {
      what: 'a hundred and sixty-one layers',
      layers: Array.from({ length: 161 }, (_, index) => tar(file(`f${index}`))),
      refused: /161 layers/,
    },
  ];
}

function archiveOf(layers: readonly Buffer[]): Buffer {
  const config = configOf({ rootfs: { type: 'layers', diff_ids: layers.map((layer) => digestOf(layer)) } });
  const paths = layers.map((_, index) => `${index}.tar`);
  const manifest = [{ Config: 'config.json', RepoTags: ['hostile:1'], Layers: paths }];
  return tar(
    ...layers.map((body, index) => entry({ name: `${index}.tar`, body })),
    file('config.json', config),
    file('manifest.json', JSON.stringify(manifest)),
  );
}

test.each<MountForm | undefined>([undefined, 'directory'])(
  'hostile layers over others (form %s) reach nothing outside',
  async (form) => {
    await using hostile = await openHostileStore(form);
    const failures: string[] = [];
    for (const { what, layers, refused, tree = {} } of stackCases(hostile.place.outside)) {
      async function* source(): AsyncGenerator<Uint8Array> {
        yield archiveOf(layers);
      }
      const take = ({ images }: typeof hostile.store) => loadImages(images.context, source());
      await hostile
        .attempt(take, refused === undefined ? { tree } : { refused })
        .catch((error: unknown) => failures.push(`${what}: ${String(error)}`));
    }
    expect(failures).toEqual([]);
  },
  200_000,
);
