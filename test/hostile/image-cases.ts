import { gzipSync, zstdCompressSync } from 'node:zlib';
import {
  configOf,
  deep,
  digestOf,
  dockerArchive,
  type HostileImage,
  imageOf,
  type Json,
  layer,
} from './image-archive.ts';
import { entry, file, folder, hardLink, symlink, tar } from './raw-tar.ts';

const entryWith = (fields: Record<string, Json>): Json => [
  { Config: 'config.json', RepoTags: ['hostile:1'], Layers: ['layer.tar'], ...fields },
];

function refusedManifest(what: string, fields: Record<string, Json>, refused: RegExp): HostileImage {
  return { what, archive: dockerArchive({ manifest: entryWith(fields) }), refused };
}

function refusedConfig(what: string, more: Record<string, Json>, refused: RegExp): HostileImage {
  return { what, archive: dockerArchive({ config: configOf(more) }), refused };
}

const diffIds = (list: Json): Record<string, Json> => ({ rootfs: { type: 'layers', diff_ids: list } });

const linked = (name: string, part: Buffer): Buffer =>
  dockerArchive({ manifest: entryWith({ [name]: name === 'Layers' ? ['link'] : 'link' }), more: [part] });

/** Archives of `docker save` whose documents lie. `outside` is a folder that must not change; it has a file `secret`. */
export function dockerCases(outside: string): HostileImage[] {
  const up = `${'../'.repeat(20)}${outside.slice(1)}/secret`;
  return [
    {
      what: 'two manifests that differ',
      archive: dockerArchive({ more: [file('manifest.json', '[]')] }),
      refused: /manifest\.json/,
    },
    {
      what: 'two manifests that differ in how they are written',
      archive: dockerArchive({ before: [file('./manifest.json', '[]')] }),
      refused: /manifest\.json/,
    },
    {
      what: 'two configs that differ',
      archive: dockerArchive({ more: [file('config.json', configOf({ os: 'other' }))] }),
      refused: /config\.json/,
    },
    {
      what: 'two layers of one name that differ',
      archive: dockerArchive({ more: [file('layer.tar', tar(file('other')))] }),
      refused: /layer\.tar/,
    },
    {
      what: 'two layers of one name, the other one first',
      archive: dockerArchive({ before: [file('layer.tar', tar(file('other')))] }),
      refused: /layer\.tar/,
    },
    {
      what: 'a link of the name of a file',
      archive: dockerArchive({ more: [symlink('config.json', up)] }),
      refused: /config\.json/,
    },
    {
      what: 'the same manifest twice',
      archive: dockerArchive({ more: [file('manifest.json', JSON.stringify(entryWith({})))] }),
    },
    { what: 'the same layer twice', archive: dockerArchive({ more: [file('layer.tar', layer)] }) },
    {
      what: 'a name that leads out',
      archive: dockerArchive({ more: [file('../../evil')] }),
      refused: /\.\.\/\.\.\/evil.*out/,
    },
    {
      what: 'a folder whose name leads out',
      archive: dockerArchive({ more: [folder('../../evil/')] }),
      refused: /\.\.\/\.\.\/evil.*out/,
    },
    {
      what: 'a manifest that is no list',
      archive: dockerArchive({ manifest: { Config: 'config.json' } }),
      refused: /manifest\.json/,
    },
    { what: 'a manifest that is empty', archive: dockerArchive({ text: '' }), refused: /manifest\.json/ },
    { what: 'a manifest that is no JSON', archive: dockerArchive({ text: '[{' }), refused: /manifest\.json/ },
    { what: 'a manifest that is null', archive: dockerArchive({ text: 'null' }), refused: /manifest\.json/ },
    { what: 'a manifest of nothing', archive: dockerArchive({ text: '[null]' }), refused: /manifest\.json/ },
    { what: 'a manifest of a number', archive: dockerArchive({ text: '[7]' }), refused: /manifest\.json/ },
    {
      what: 'a manifest of a million brackets',
      archive: dockerArchive({ text: deep(1_000_000) }),
      refused: /manifest\.json/,
    },
    {
      what: 'a manifest of 20 MiB',
      archive: dockerArchive({ text: `[${' '.repeat(20 * 2 ** 20)}]` }),
      refused: /manifest\.json has more than/,
    },
    {
      what: 'a manifest that is a folder',
      archive: tar(folder('manifest.json/'), file('config.json', configOf())),
      refused: /no image|manifest/,
    },
    {
      what: 'a manifest that is a link outside',
      archive: tar(symlink('manifest.json', up), file('config.json', configOf())),
      refused: /no image|manifest/,
    },
    {
      what: 'a manifest that is a link to itself',
      archive: tar(symlink('manifest.json', 'manifest.json')),
      refused: /no image|manifest/,
    },
    {
      what: 'a manifest that is a pipe',
      archive: tar(entry({ name: 'manifest.json', type: '6' })),
      refused: /no image|manifest/,
    },
    {
      what: 'a manifest that is a device',
      archive: tar(entry({ name: 'manifest.json', type: '3', major: 1, minor: 5 })),
      refused: /no image|manifest/,
    },
    refusedManifest('a config outside', { Config: up }, /secret/),
    refusedManifest('a config at an absolute path', { Config: `${outside}/secret` }, /secret/),
    refusedManifest('a config that is missing', { Config: 'gone.json' }, /gone\.json/),
    refusedManifest('a config that is a number', { Config: 7 }, /manifest\.json/),
    refusedManifest('a config without a name', { Config: '' }, /archive has no file|manifest\.json/),
    refusedManifest('a config that is the layer', { Config: 'layer.tar' }, /config|layer\.tar/),
    refusedManifest('a layer that is the config', { Layers: ['config.json'] }, /config\.json|diffID|tar/),
    refusedManifest('a layer outside', { Layers: [up] }, /secret/),
    refusedManifest('a layer at an absolute path', { Layers: [`${outside}/secret`] }, /secret/),
    refusedManifest('a layer that is missing', { Layers: ['gone.tar'] }, /gone\.tar/),
    refusedManifest('a layer that is a number', { Layers: [7] }, /manifest\.json/),
    refusedManifest('layers that are text', { Layers: 'layer.tar' }, /manifest\.json/),
    refusedManifest('one layer too many', { Layers: ['layer.tar', 'layer.tar'] }, /length mismatch/),
    refusedManifest('no layers', { Layers: [] }, /length mismatch/),
    { what: 'a config that is a link outside', archive: linked('Config', symlink('link', up)), refused: /link|secret/ },
    {
      what: 'a config that is an absolute link',
      archive: linked('Config', symlink('link', `${outside}/secret`)),
      refused: /link|secret/,
    },
    {
      what: 'a config that is a hard link outside',
      archive: linked('Config', hardLink('link', up)),
      refused: /link|secret|out/,
    },
    { what: 'a config that is a link to itself', archive: linked('Config', symlink('link', 'link')), refused: /link/ },
    { what: 'a layer that is a link outside', archive: linked('Layers', symlink('link', up)), refused: /link|secret/ },
    {
      what: 'a layer that is a hard link outside',
      archive: linked('Layers', hardLink('link', up)),
      refused: /link|secret|out/,
    },
    { what: 'a layer that is a link to itself', archive: linked('Layers', symlink('link', 'link')), refused: /link/ },
    { what: 'a layer that is a folder', archive: linked('Layers', folder('link/')), refused: /link/ },
    { what: 'a layer that is a link to the layer', archive: linked('Layers', symlink('link', './layer.tar')) },
    refusedManifest('a name that is a path', { RepoTags: ['../../x:1'] }, /\.\.\/\.\.\/x/),
    refusedManifest('a name in capitals', { RepoTags: ['EVIL:1'] }, /EVIL/),
    refusedManifest('a name with a blank', { RepoTags: ['a b:1'] }, /a b/),
    refusedManifest('a name with a zero byte', { RepoTags: ['a\0b:1'] }, /reference|a/),
    refusedManifest('a name of a megabyte', { RepoTags: [`${'a'.repeat(2 ** 20)}:1`] }, /reference|long|a/),
    refusedManifest('a name that is a digest', { RepoTags: [`x@sha256:${'0'.repeat(64)}`] }, /x@sha256/),
    refusedConfig('one layer more than there are', diffIds([digestOf(layer), digestOf(layer)]), /length mismatch/),
    refusedConfig('no layers in the config', diffIds([]), /length mismatch/),
    refusedConfig('another digest', diffIds([digestOf('other')]), /diffID for layer 0/),
    refusedConfig('a digest that is a path', diffIds(['sha256:../../../etc/passwd']), /layers/),
    refusedConfig('a digest in capitals', diffIds([digestOf(layer).toUpperCase()]), /layers/),
    refusedConfig('a digest of another kind', diffIds([`sha512:${'0'.repeat(128)}`]), /layers/),
    refusedConfig('a digest that is too short', diffIds(['sha256:abc']), /layers/),
    refusedConfig('digests that are numbers', diffIds([7]), /layers/),
    refusedConfig('digests that are an object', diffIds({ 0: digestOf(layer) }), /layers/),
    refusedConfig(
      'ten thousand layers',
      diffIds(Array.from({ length: 10_000 }, () => digestOf(layer))),
      /length mismatch/,
    ),
    refusedConfig('no root file system', { rootfs: null }, /layers|length mismatch/),
    refusedConfig('an environment of numbers', { config: { Env: [1] } }, /Env/),
    refusedConfig('a command that is an object', { config: { Cmd: {} } }, /Cmd/),
    refusedConfig('labels that are a list', { config: { Labels: ['x'] } }, /Labels/),
    refusedConfig('volumes that are a number', { config: { Volumes: 7 } }, /Volumes/),
    refusedConfig('an operating system that is a list', { os: [] }, /os/),
    refusedConfig('a history that is text', { history: 'x' }, /history/),
    { what: 'a config that is no JSON', archive: dockerArchive({ config: '{' }), refused: /config/ },
    { what: 'a config that is a list', archive: dockerArchive({ config: '[]' }), refused: /config/ },
    { what: 'a config that is null', archive: dockerArchive({ config: 'null' }), refused: /config/ },
    { what: 'a config of a million brackets', archive: dockerArchive({ config: deep(1_000_000) }), refused: /config/ },
    {
      what: 'a config of 20 MiB',
      archive: dockerArchive({ config: configOf({ author: 'x'.repeat(20 * 2 ** 20) }) }),
      refused: /config\.json has more than/,
    },
    {
      what: 'a config with a prototype',
      archive: dockerArchive({
        config: configOf().replace('{', '{"__proto__":{"os":7},"constructor":{"prototype":{"os":7}},'),
      }),
    },
    {
      what: 'a layer in gzip twice',
      archive: imageOf(layer, gzipSync(gzipSync(layer))),
      refused: /diffID|layer\.tar|checksum|tar/,
    },
    {
      what: 'a layer in gzip that is cut off',
      archive: imageOf(layer, gzipSync(layer).subarray(0, 40)),
      refused: /layer\.tar|gzip/,
    },
    {
      what: 'a layer in zstd that is cut off',
      archive: imageOf(layer, zstdCompressSync(layer).subarray(0, 30)),
      refused: /layer\.tar|zstd/,
    },
    {
      what: 'a layer that is cut off',
      archive: imageOf(layer, layer.subarray(0, 600)),
      refused: /layer\.tar|diffID|middle/,
    },
    {
      what: 'a layer that is no tar, of which the config says the truth',
      archive: imageOf(Buffer.from('no tar '.repeat(200))),
      refused: /layer\.tar|checksum|no layer|tar/,
    },
    {
      what: 'a layer that is empty, of which the config says the truth',
      archive: imageOf(Buffer.alloc(0)),
      refused: /layer\.tar|empty|tar/,
    },
    { what: 'an archive of nothing', archive: tar(), refused: /no image/ },
    { what: 'an archive of folders', archive: tar(folder('a/'), folder('b/')), refused: /no image/ },
    { what: 'a file system in place of an image', archive: layer, refused: /no image/ },
    {
      what: 'a hundred thousand and one files',
      archive: tar(...Array.from({ length: 100_001 }, (_, index) => entry({ name: `${index}` }))),
      refused: /100000|100,000/,
    },
  ];
}
