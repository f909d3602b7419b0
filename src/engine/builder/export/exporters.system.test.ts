import { execFileSync } from 'node:child_process';
import { mkdtempDisposable, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadImages } from '#engine/images/load-images.ts';
import { openTestStore } from '#engine/images/test-store.ts';
import { saveImages } from '#engine/images/save-images.ts';
import type { Descriptor } from '#oci/descriptor.ts';
import type { Index, Manifest } from '#oci/manifest.ts';
import { openTestBuilder, openTestSink, outputOf, type TestBuilder, type TestSink } from './test-build.ts';

let rig: TestBuilder;
let sink: TestSink;

beforeAll(async () => {
  rig = await openTestBuilder();
  sink = await openTestSink();
});
afterAll(async () => {
  await sink[Symbol.asyncDispose]();
  await rig[Symbol.asyncDispose]();
});

const FILES = {
  Dockerfile: 'FROM scratch\nCOPY a /dir/a\nENV X=1\nCOPY b /dir/b\nCMD ["/dir/a"]\n',
  a: 'content of a\n'.repeat(1000),
  b: 'b',
};
const AMD64 = { os: 'linux', architecture: 'amd64' };
const ARM64 = { os: 'linux', architecture: 'arm64' };

/** The files of a tar by name. */
async function unpack(bytes: Buffer): Promise<Map<string, Buffer>> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'unpacked-'));
  await writeFile(join(folder.path, 'x.tar'), bytes);
  execFileSync('tar', ['-xf', 'x.tar'], { cwd: folder.path });
  return await readFolder(folder.path, ['x.tar']);
}

async function readFolder(path: string, except: readonly string[] = []): Promise<Map<string, Buffer>> {
  const found = new Map<string, Buffer>();
  for (const entry of await readdir(path, { recursive: true, withFileTypes: true })) {
    const name = join(entry.parentPath, entry.name).slice(path.length + 1);
    if (entry.isFile() && !except.includes(name)) found.set(name, await readFile(join(path, name)));
  }
  return found;
}

type Files = ReadonlyMap<string, Buffer>;

function json(files: Files, name: string): unknown {
  return JSON.parse(files.get(name)?.toString() ?? 'null');
}

function indexIn(files: Files, root?: Descriptor): Index {
  return json(files, root === undefined ? 'index.json' : blobName(root)) as Index;
}

function manifestIn(files: Files, root: Descriptor): Manifest {
  return json(files, blobName(root)) as Manifest;
}

function blobName({ digest }: Descriptor): string {
  return `blobs/sha256/${digest.slice('sha256:'.length)}`;
}

/** The first image of `manifest.json`. */
function dockerEntry(files: Files): { Config: string; RepoTags: string[]; Layers: string[] } {
  return (json(files, 'manifest.json') as [ReturnType<typeof dockerEntry>])[0];
}

async function refusal(output: string, request: Parameters<TestBuilder['build']>[1] = {}): Promise<string> {
  const built = rig.build(FILES, { outputs: [outputOf(output, sink)], ...request });
  return built.then(
    () => 'built',
    (error: Error) => error.message,
  );
}

test('an OCI archive has compressed layers, names and annotations, and is loaded again', async () => {
  const outputs = [
    outputOf('type=oci,name=team/app,annotation.a=1,annotation-manifest-descriptor.b=2,compression-level=1', sink),
  ];
  const { response, image } = await rig.build(FILES, { outputs });
  expect(image).toBeUndefined();
  const files = await unpack(sink.bytes());
  const index = indexIn(files);
  const [root] = index.manifests as [Descriptor];
  expect(index.mediaType).toBe('application/vnd.oci.image.index.v1+json');
  expect(root.annotations).toMatchObject({
    b: '2',
    'io.containerd.image.name': 'docker.io/team/app:latest',
    'org.opencontainers.image.ref.name': 'latest',
  });
  expect(root.platform).toEqual(AMD64);
  const manifest = manifestIn(files, root);
  expect(manifest.annotations).toEqual({ a: '1' });
  expect(manifest.layers.map(({ mediaType }) => mediaType)).toEqual(
    Array(2).fill('application/vnd.oci.image.layer.v1.tar+gzip'),
  );
  expect(response.get('containerimage.digest')).toBe(root.digest);
  expect(response.get('containerimage.config.digest')).toBe(manifest.config.digest);
  expect(response.get('image.name')).toBe('docker.io/team/app:latest');
  await using other = await openTestStore();
  const [loaded] = await loadImages(other.images.context, chunks(sink.bytes()));
  expect(loaded).toMatchObject({ id: manifest.config.digest, tags: ['team/app:latest'] });
});

async function* chunks(bytes: Buffer): AsyncGenerator<Buffer> {
  yield Buffer.from(bytes);
}

test.each(['uncompressed', 'gzip', 'zstd'])(
  'a Docker archive with layers that are %s is loaded again',
  async (kind) => {
    const outputs = [outputOf(`type=docker,name=x:1,compression=${kind}`, sink)];
    const { response } = await rig.build(FILES, { outputs });
    const files = await unpack(sink.bytes());
    const entry = dockerEntry(files);
    expect(entry.RepoTags).toEqual(['x:1']);
    for (const path of entry.Layers) expect(files.has(path)).toBe(true);
    await using other = await openTestStore();
    const [loaded] = await loadImages(other.images.context, chunks(sink.bytes()));
    expect(loaded?.id).toBe(response.get('containerimage.config.digest'));
  },
);

test('a layout as a folder holds the same as its archive', async () => {
  await using folder = await openTestSink();
  const built = [
    await rig.build(FILES, { outputs: [outputOf('type=oci,source-date-epoch=1', sink)] }),
    await rig.build(FILES, { outputs: [outputOf('type=oci,tar=false,source-date-epoch=1', folder)] }),
  ];
  expect(built[0]?.response).toEqual(built[1]?.response);
  expect(await readFolder(folder.folder)).toEqual(await unpack(sink.bytes()));
});

test('several outputs of one build have the same image', async () => {
  await using files = await openTestSink();
  const outputs = [
    outputOf('type=image,name=several'),
    outputOf('type=docker,name=several', sink),
    outputOf('type=local', files),
    outputOf('type=cacheonly'),
  ];
  const { image } = await rig.build(FILES, { outputs });
  expect(image?.tags).toEqual(['several:latest']);
  const entry = dockerEntry(await unpack(sink.bytes()));
  expect(`sha256:${entry.Config.slice('blobs/sha256/'.length)}`).toBe(image?.id);
  expect(await readFolder(files.folder)).toEqual(
    new Map([
      ['dir/a', Buffer.from(FILES.a)],
      ['dir/b', Buffer.from('b')],
    ]),
  );
});

test('files of several platforms go to folders of their own, as a tree and as a tar', async () => {
  await using tree = await openTestSink();
  const files = { Dockerfile: 'FROM scratch\nARG TARGETARCH\nCOPY $TARGETARCH /\n', amd64: '1', arm64: '2' };
  const outputs = [outputOf('type=local', tree), outputOf('type=tar,source-date-epoch=77', sink)];
  await rig.build(files, { outputs, platforms: [AMD64, ARM64] });
  const expected = new Map([
    ['linux_amd64/amd64', Buffer.from('1')],
    ['linux_arm64/arm64', Buffer.from('2')],
  ]);
  expect(await readFolder(tree.folder)).toEqual(expected);
  expect(await unpack(sink.bytes())).toEqual(expected);
  const outputsOfOne = [outputOf('type=tar,platform-split=false', sink)];
  await rig.build(files, { outputs: outputsOfOne, platforms: [AMD64, ARM64] });
  expect([...(await unpack(sink.bytes())).keys()].toSorted()).toEqual(['amd64', 'arm64']);
  const same = { Dockerfile: 'FROM scratch\nCOPY amd64 /\n', amd64: '1' };
  await expect(rig.build(same, { outputs: outputsOfOne, platforms: [AMD64, ARM64] })).rejects.toThrow('overwrite');
});

test('an image of several platforms is one image: listed once, saved whole, kept by what removes unused layers', async () => {
  const files = { Dockerfile: 'FROM scratch\nARG TARGETARCH\nCOPY $TARGETARCH /\n', amd64: '1', arm64: '2' };
  const outputs = [outputOf('type=image,name=multi,annotation-index.who=us')];
  const { image, response } = await rig.build(files, { outputs, platforms: [ARM64, AMD64] });
  expect(image).toMatchObject({ tags: ['multi:latest'], config: { architecture: 'amd64' } });
  expect(response.get('containerimage.digest')).toBe(image?.root.digest);
  await rig.builder.forget(rig.builder.steps().map(({ key }) => key));
  const { images } = rig.store;
  await images.context.garbage.collect();
  expect((await images.list()).filter(({ tags }) => tags.includes('multi:latest'))).toHaveLength(1);
  const archive = await unpack(Buffer.concat(await Array.fromAsync(await saveImages(images.context, ['multi']))));
  const [root] = indexIn(archive).manifests as [Descriptor];
  const index = indexIn(archive, root);
  expect(index.annotations).toEqual({ who: 'us' });
  expect(index.manifests.map(({ platform }) => platform)).toEqual([ARM64, AMD64]);
  for (const child of index.manifests)
    for (const layer of manifestIn(archive, child).layers) expect(archive.has(blobName(layer))).toBe(true);
});

test('a base that is here for several platforms is taken as the one that the build is for', async () => {
  const files = { Dockerfile: 'FROM scratch\nARG TARGETARCH\nCOPY $TARGETARCH /\n', amd64: '1', arm64: '2' };
  await rig.build(files, { outputs: [outputOf('type=image,name=base')], platforms: [AMD64, ARM64] });
  for (const [platform, name] of [
    [AMD64, 'amd64'],
    [ARM64, 'arm64'],
  ] as const) {
    const outputs = [outputOf('type=tar', sink)];
    await rig.build({ Dockerfile: 'FROM base\nCOPY own /\n', own: 'o' }, { outputs, platforms: [platform] });
    expect([...(await unpack(sink.bytes())).keys()].toSorted()).toEqual([name, 'own']);
  }
});

test('documents of one result are of one family', async () => {
  const provenance = new Map([['provenance', new Map([['inline-only', 'true']])]] as const);
  const request = { platforms: [AMD64, ARM64], outputs: [outputOf('type=oci,oci-mediatypes=false', sink)] };
  await rig.build(FILES, request);
  const plain = await unpack(sink.bytes());
  const [root] = indexIn(plain).manifests as [Descriptor];
  expect(root.mediaType).toBe('application/vnd.docker.distribution.manifest.list.v2+json');
  const [first] = indexIn(plain, root).manifests as [Descriptor];
  expect(manifestIn(plain, first).layers[0]?.mediaType).toBe('application/vnd.docker.image.rootfs.diff.tar.gzip');
  await rig.build(FILES, { ...request, attestations: provenance });
  const told = await unpack(sink.bytes());
  const [index] = indexIn(told).manifests as [Descriptor];
  expect(index.mediaType).toBe('application/vnd.oci.image.index.v1+json');
  expect(indexIn(told, index).manifests).toHaveLength(4);
  await rig.build(FILES, { outputs: request.outputs, attestations: provenance });
  expect(indexIn(await unpack(sink.bytes())).manifests[0]?.mediaType).toContain('manifest.v2+json');
});

test('what is said about files lies beside them, also of stages and the context where the build asks for it', async () => {
  const files = {
    Dockerfile:
      'ARG BUILDKIT_SBOM_SCAN_CONTEXT=1\nFROM scratch AS deps\nARG BUILDKIT_SBOM_SCAN_STAGE=true\nCOPY package.json /node_modules/left-pad/\nFROM scratch\nCOPY --from=deps /node_modules /node_modules\n',
    'package.json': '{"name":"left-pad","version":"1.0.0"}',
    'node_modules/only-here/package.json': '{"name":"only-here","version":"2.0.0"}',
  };
  await using tree = await openTestSink();
  const attestations = new Map([
    ['sbom', new Map<string, string>()],
    ['provenance', new Map([['inline-only', 'true']])],
  ] as const);
  await rig.build(files, { outputs: [outputOf('type=local,attestation-prefix=about-', tree)], attestations });
  const found = await readFolder(tree.folder);
  const urls = (name: string): string => found.get(`about-${name}.spdx.json`)?.toString() ?? '';
  expect([...found.keys()].filter((name) => name.startsWith('about-')).toSorted()).toEqual([
    'about-sbom-context.spdx.json',
    'about-sbom-deps.spdx.json',
    'about-sbom.spdx.json',
  ]);
  for (const name of ['sbom', 'sbom-deps']) expect(urls(name)).toContain('pkg:npm/left-pad@1.0.0');
  expect(urls('sbom-context')).toContain('pkg:npm/only-here@2.0.0');
  expect(urls('sbom')).not.toContain('only-here');
  const said = json(found, 'about-sbom.spdx.json') as { subject: { name: string }[] };
  expect(said.subject.map(({ name }) => name)).toEqual(['node_modules/left-pad/package.json']);
});

test('what an output does not know is refused with what to do', async () => {
  expect(await refusal('type=oci,compression=estargz')).toContain('estargz is not supported');
  expect(await refusal('type=oci,compression=lzma')).toContain('unsupported layer compression type: lzma');
  expect(await refusal('type=oci,compression-level=11')).toContain('compression-level');
  expect(await refusal('type=oci,force-compression=maybe')).toContain('force-compression');
  expect(await refusal('type=oci,annotation-index.a=1')).toContain('index annotations not supported');
  expect(await refusal('type=oci,annotation-manifest[linux/s390x].a=1')).toContain('no platform linux/s390x');
  expect(await refusal('type=image,push=true')).toContain('needs a name');
  expect(await refusal('type=docker', { platforms: [AMD64, ARM64] })).toContain('manifest lists');
  expect(await refusal('type=local,mode=move')).toContain('mode');
});
