import { configOf, deep, digestOf, type HostileImage, hexOf, type Json, layer } from './image-archive.ts';
import { file, tar } from './raw-tar.ts';

const OCI = 'application/vnd.oci.image';

const part = (id: string, json: Json): Buffer[] => [
  file(`${id}/json`, typeof json === 'string' ? json : JSON.stringify(json)),
  file(`${id}/layer.tar`, layer),
];

const repositories = (value: Json): Buffer => file('repositories', JSON.stringify(value));

/** Archives from before image ids were digests. */
export function legacyCases(): HostileImage[] {
  const [a, b] = ['a'.repeat(64), 'b'.repeat(64)];
  const named = repositories({ old: { 1: a } });
  const chain = Array.from({ length: 600 }, (_, index) => hexOf(`${index}`));
  return [
    {
      what: 'a layer that is its own parent',
      archive: tar(named, ...part(a, { id: a, parent: a })),
      refused: /layer id/,
    },
    {
      what: 'layers that are parents of each other',
      archive: tar(named, ...part(a, { id: a, parent: b }), ...part(b, { id: b, parent: a })),
      refused: /layer id/,
    },
    {
      what: 'six hundred parents',
      archive: tar(
        repositories({ old: { 1: chain[0] } }),
        ...chain.flatMap((id, index) => part(id, { id, parent: chain[index + 1] })),
      ),
      refused: /layer id/,
    },
    { what: 'a parent that is missing', archive: tar(named, ...part(a, { id: a, parent: b })), refused: /b{64}\/json/ },
    {
      what: 'a parent that is a path',
      archive: tar(named, ...part(a, { id: a, parent: '../../etc' })),
      refused: /layer id/,
    },
    {
      what: 'a parent that is a number',
      archive: tar(named, ...part(a, { id: a, parent: 7 })),
      refused: /layer id|json/,
    },
    { what: 'an id that is a path', archive: tar(repositories({ old: { 1: '../../x' } })), refused: /layer id/ },
    { what: 'an id that is missing', archive: tar(repositories({ old: { 1: b } })), refused: /b{64}\/json/ },
    { what: 'a layer without a tar', archive: tar(named, file(`${a}/json`, '{}')), refused: /a{64}\/layer\.tar/ },
    { what: 'repositories that are a list', archive: tar(repositories(['x'])), refused: /repositories/ },
    { what: 'repositories that are null', archive: tar(repositories(null)), refused: /repositories/ },
    { what: 'repositories of numbers', archive: tar(repositories({ old: { 1: 7 } })), refused: /repositories/ },
    {
      what: 'repositories of a hundred thousand brackets',
      archive: tar(file('repositories', deep(100_000))),
      refused: /repositories/,
    },
    { what: 'a layer document that is no JSON', archive: tar(named, ...part(a, '{')), refused: /json/ },
    { what: 'a layer document that is null', archive: tar(named, ...part(a, 'null')), refused: /json/ },
    {
      what: 'a layer document with a config of numbers',
      archive: tar(named, ...part(a, { id: a, config: { Env: [1] } })),
      refused: /Env/,
    },
    {
      what: 'a name that is a path',
      archive: tar(repositories({ '../../x': { 1: a } }), ...part(a, { id: a })),
      refused: /\.\.\/\.\.\/x/,
    },
  ];
}

interface LayoutParts {
  manifest?: Record<string, Json>;
  /** In place of the index that names the manifest. */
  index?: Json;
  descriptor?: Record<string, Json>;
  layerDescriptor?: Record<string, Json>;
  configDescriptor?: Record<string, Json>;
  blobs?: readonly (Buffer | string)[];
  more?: readonly Buffer[];
}

const blobFile = (bytes: Buffer | string): Buffer => file(`blobs/sha256/${hexOf(bytes)}`, bytes);

const describe = (bytes: Buffer | string, mediaType: string): Record<string, Json> => ({
  mediaType,
  digest: digestOf(bytes),
  size: Buffer.byteLength(bytes),
});

/** An OCI layout with one image. */
function layout(parts: LayoutParts = {}): Buffer {
  const config = configOf();
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: `${OCI}.manifest.v1+json`,
    config: { ...describe(config, `${OCI}.config.v1+json`), ...parts.configDescriptor },
    layers: [{ ...describe(layer, `${OCI}.layer.v1.tar`), ...parts.layerDescriptor }],
    ...parts.manifest,
  });
  const annotations = { 'io.containerd.image.name': 'docker.io/library/hostile:1' };
  const root = { ...describe(manifest, `${OCI}.manifest.v1+json`), annotations, ...parts.descriptor };
  const index = parts.index ?? { schemaVersion: 2, manifests: [root] };
  return tar(
    file('oci-layout', '{"imageLayoutVersion":"1.0.0"}'),
    file('index.json', typeof index === 'string' ? index : JSON.stringify(index)),
    ...[config, manifest, layer, ...(parts.blobs ?? [])].map(blobFile),
    ...(parts.more ?? []),
  );
}

/** An index in an index, so often. */
function nested(depth: number): Buffer {
  const blobs: string[] = [];
  let child = describe(layer, `${OCI}.manifest.v1+json`);
  for (let level = 0; level < depth; level++) {
    const index = JSON.stringify({ schemaVersion: 2, mediaType: `${OCI}.index.v1+json`, manifests: [child] });
    blobs.push(index);
    child = describe(index, `${OCI}.index.v1+json`);
  }
  return layout({ index: { schemaVersion: 2, manifests: [child] }, blobs });
}

/** OCI layouts whose documents lie. */
export function layoutCases(): HostileImage[] {
  const none = digestOf('nothing that is here');
  return [
    { what: 'an index that is no JSON', archive: layout({ index: '{' }), refused: /manifest is not JSON|index\.json/ },
    {
      what: 'an index that is a manifest',
      archive: layout({ index: { schemaVersion: 2, config: describe('{}', 'x'), layers: [] } }),
      refused: /index/,
    },
    {
      what: 'an index with manifests and layers',
      archive: layout({ index: { schemaVersion: 2, manifests: [], layers: [] } }),
      refused: /both/,
    },
    {
      what: 'an index of no manifests',
      archive: layout({ index: { schemaVersion: 2, manifests: [] } }),
      refused: /no image/,
    },
    {
      what: 'an index of numbers',
      archive: layout({ index: { schemaVersion: 2, manifests: [7] } }),
      refused: /descriptor/,
    },
    {
      what: 'an index of a million brackets',
      archive: layout({ index: `{"manifests":${deep(1_000_000)}}` }),
      refused: /manifest|index/,
    },
    {
      what: 'an index of schema 1',
      archive: layout({ index: { schemaVersion: 1, manifests: [] } }),
      refused: /schema 1/,
    },
    { what: 'a manifest with manifests and layers', archive: layout({ manifest: { manifests: [] } }), refused: /both/ },
    {
      what: 'a manifest that is missing',
      archive: layout({ descriptor: { digest: none } }),
      refused: /no blob sha256/,
    },
    { what: 'a manifest of another size', archive: layout({ descriptor: { size: 7 } }), refused: /size|bytes/ },
    { what: 'a manifest of a negative size', archive: layout({ descriptor: { size: -1 } }), refused: /size/ },
    { what: 'a manifest of 2^60 bytes', archive: layout({ descriptor: { size: 2 ** 60 } }), refused: /size|bytes/ },
    {
      what: 'a digest that is a path',
      archive: layout({ descriptor: { digest: 'sha256:../../index.json' } }),
      refused: /descriptor/,
    },
    {
      what: 'a digest of another kind',
      archive: layout({ descriptor: { digest: `sha512:${'0'.repeat(128)}` } }),
      refused: /descriptor/,
    },
    {
      what: 'a manifest that comes as an index',
      archive: layout({ descriptor: { mediaType: `${OCI}.index.v1+json` } }),
      refused: /media|index|came as|says/,
    },
    {
      what: 'a manifest that says it is an index',
      archive: layout({ manifest: { mediaType: `${OCI}.index.v1+json` } }),
      refused: /says it is|media/,
    },
    {
      what: 'a manifest of an unknown type',
      archive: layout({ descriptor: { mediaType: 'text/html' } }),
      refused: /text\/html|media|says/,
    },
    {
      what: 'a manifest whose blob is the layer',
      archive: layout({ descriptor: describe(layer, `${OCI}.manifest.v1+json`) }),
      refused: /no blob sha256/,
    },
    {
      what: 'a config that is missing',
      archive: layout({ configDescriptor: { digest: none } }),
      refused: /no blob sha256/,
    },
    { what: 'a config of another size', archive: layout({ configDescriptor: { size: 7 } }), refused: /size|bytes/ },
    {
      what: 'a config that is the layer',
      archive: layout({ configDescriptor: describe(layer, `${OCI}.config.v1+json`) }),
      refused: /no blob sha256/,
    },
    {
      what: 'a layer that is missing',
      archive: layout({ layerDescriptor: { digest: none } }),
      refused: /no blob sha256|diffID|digest/,
    },
    {
      what: 'a layer of another size',
      archive: layout({ layerDescriptor: { size: 7 } }),
      refused: /bytes, not 7|size/,
    },
    {
      what: 'a layer that is the config',
      archive: layout({ layerDescriptor: describe(configOf(), `${OCI}.layer.v1.tar`) }),
      refused: /tar|diffID|layer|blob/,
    },
    {
      what: 'a blob that is not what its name says',
      archive: layout({ layerDescriptor: { digest: none }, more: [file(`blobs/sha256/${none.slice(7)}`, layer)] }),
      refused: /sha256/,
    },
    {
      what: 'one layer too many',
      archive: layout({
        manifest: { layers: [describe(layer, `${OCI}.layer.v1.tar`), describe(layer, `${OCI}.layer.v1.tar`)] },
      }),
      refused: /layers/,
    },
    { what: 'no layers', archive: layout({ manifest: { layers: [] } }), refused: /layers/ },
    {
      what: 'an artifact that is no image',
      archive: layout({
        manifest: { artifactType: 'text/plain' },
        configDescriptor: { ...describe('{}', 'application/vnd.oci.empty.v1+json') },
        blobs: ['{}'],
      }),
      refused: /layers|config|image/,
    },
    { what: 'an index in an index, a thousand times', archive: nested(1000), refused: /index|deep|nested|image/ },
    {
      what: 'ten thousand manifests that are missing',
      archive: layout({
        index: {
          schemaVersion: 2,
          manifests: Array.from({ length: 10_000 }, () => ({
            mediaType: `${OCI}.manifest.v1+json`,
            digest: none,
            size: 1,
          })),
        },
      }),
      refused: /no blob sha256/,
    },
    {
      what: 'a name that is a path',
      archive: layout({ descriptor: { annotations: { 'io.containerd.image.name': '../../x:1' } } }),
      refused: /\.\.\/\.\.\/x/,
    },
    {
      what: 'a name that is a number',
      archive: layout({ descriptor: { annotations: { 'io.containerd.image.name': 7 } } }),
    },
    { what: 'content in a descriptor that is not its own', archive: layout({ descriptor: { data: 'ZXZpbA==' } }) },
    {
      what: 'addresses where layers could be fetched',
      archive: layout({ layerDescriptor: { urls: ['http://169.254.169.254/'] } }),
    },
  ];
}
