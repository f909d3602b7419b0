import { execFileSync } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadImages } from '#engine/images/load-images.ts';
import { pullImage } from '#engine/images/pull.ts';
import { pushImage } from '#engine/images/push.ts';
import { saveImages } from '#engine/images/save-images.ts';
import { openTestStore } from '#engine/images/test-store.ts';
import type { Descriptor } from '#oci/descriptor.ts';
import type { Index, Manifest } from '#oci/manifest.ts';
import { parseReference } from '#oci/reference.ts';
import { startFakeRegistry } from '#registry/client/fake-registry.ts';
import { openRepository } from '#registry/client/registry.ts';
import { hasRegistry, startTestRegistry, type TestRegistry } from '#registry/client/test-registry.ts';
import { findBuildx } from '../../../../test/support/buildx.ts';
import { openTestBuilder, outputOf, type TestBuilder } from './test-build.ts';

const isRoot = process.getuid?.() === 0;
const AMD64 = { os: 'linux', architecture: 'amd64' };
const ARM64 = { os: 'linux', architecture: 'arm64' };
const BY_ARCHITECTURE = {
  Dockerfile: 'FROM scratch\nARG TARGETARCH\nCOPY all /\nCOPY $TARGETARCH /own\n',
  all: 'of all\n'.repeat(10_000),
  amd64: 'for amd64',
  arm64: 'for arm64',
};

describe.skipIf(!isRoot || !hasRegistry)('pushes (need root and the package docker-registry)', () => {
  let rig: TestBuilder;
  let registry: TestRegistry;

  beforeAll(async () => {
    rig = await openTestBuilder();
    registry = await startTestRegistry();
  });
  afterAll(async () => {
    await registry[Symbol.asyncDispose]();
    await rig[Symbol.asyncDispose]();
  });

  async function document<T>(name: string): Promise<T> {
    const reference = parseReference(`${registry.host}/${name}`);
    using repository = openRepository(reference, 'pull');
    return JSON.parse((await repository.getManifest(reference.digest ?? reference.tag ?? '')).bytes.toString()) as T;
  }

  async function blob(name: string, descriptor: Descriptor | undefined): Promise<unknown> {
    using repository = openRepository(parseReference(`${registry.host}/${name}`), 'pull');
    const bytes = await Array.fromAsync(await repository.openBlob(descriptor as Descriptor));
    return JSON.parse(Buffer.concat(bytes).toString());
  }

  /** Layers that were sent, by the events of the builds so far. */
  function sent(): Set<string> {
    const ids = rig.events.flatMap((event) => (event.kind === 'status' ? [event.status.id] : []));
    return new Set(ids.filter((id) => id.startsWith('pushing layer')));
  }

  test('what a build pushes is what another store pulls, and only what changed is sent again', async () => {
    const name = `${registry.host}/app`;
    const output = (tag: string) => [outputOf(`type=image,push=true,name=${name}:${tag}`)];
    const files = { Dockerfile: 'FROM scratch\nCOPY large /\nCOPY small /\n', large: 'x'.repeat(500_000), small: '1' };
    const first = await rig.build(files, { outputs: output('1') });
    expect(first.image?.tags).toEqual([`${name}:1`]);
    expect(first.image?.digests).toEqual([`${name}@${first.response.get('containerimage.digest')}`]);
    const before = sent().size;
    const second = await rig.build({ ...files, small: '2' }, { outputs: output('2') });
    expect(sent().size - before).toBe(1);
    await rig.build({ ...files, small: '3' }, { outputs: [outputOf(`type=image,push=true,name=${name}/other:3`)] });
    expect(sent().size - before).toBe(2);
    await using other = await openTestStore();
    const { image } = await pullImage(other.images.context, parseReference(`${name}:2`));
    expect(image.id).toBe(second.response.get('containerimage.config.digest'));
    expect(image.root.digest).toBe(second.response.get('containerimage.digest'));
  });

  test('an image of several platforms is pushed whole, by the build and by a push after it', async () => {
    const [built, later] = [`${registry.host}/multi:built`, `${registry.host}/multi:later`];
    const request = { platforms: [AMD64, ARM64] };
    const { response, image } = await rig.build(BY_ARCHITECTURE, {
      ...request,
      outputs: [outputOf(`type=image,name=${built},push=true,compression=zstd`)],
    });
    const index = await document<Index>('multi:built');
    expect(index.manifests.map(({ platform }) => platform)).toEqual([AMD64, ARM64]);
    await rig.build(BY_ARCHITECTURE, {
      ...request,
      outputs: [outputOf(`type=image,name=${later},oci-artifact=true`)],
      attestations: new Map([['provenance', new Map([['mode', 'max']])]]),
    });
    await pushImage(rig.store.images.context, parseReference(later));
    const pushed = await document<Index>('multi:later');
    const [amd64, arm64, ...said] = pushed.manifests;
    expect(said.map(({ annotations }) => annotations?.['vnd.docker.reference.digest'])).toEqual([
      amd64?.digest,
      arm64?.digest,
    ]);
    const artifact = await document<Manifest>(`multi@${said[0]?.digest}`);
    expect(artifact).toMatchObject({ artifactType: said[0]?.artifactType, subject: { digest: amd64?.digest } });
    const statement = await blob('multi', artifact.layers[0]);
    expect(statement).toMatchObject({ subject: [{ digest: { sha256: amd64?.digest.slice('sha256:'.length) } }] });
    await using other = await openTestStore();
    for (const name of [built, later]) {
      const pulled = await pullImage(other.images.context, parseReference(name), { platform: ARM64 });
      expect(pulled.image.config.architecture).toBe('arm64');
    }
    const archive = await saveImages(rig.store.images.context, [built, later]);
    const loaded = await loadImages(other.images.context, archive, { platform: AMD64 });
    expect(loaded).toMatchObject([{ id: image?.id, tags: [built, later] }]);
    expect((await document<Manifest>(`multi@${index.manifests[1]?.digest}`)).layers[0]?.mediaType).toContain('zstd');
    expect(response.get('containerimage.digest')).toMatch(/^sha256:/);
  });

  test('an image that is only pushed, by its digest, has no name anywhere', async () => {
    const outputs = [outputOf(`type=image,name=${registry.host}/silent,push=true,push-by-digest=true,store=false`)];
    const { image, response } = await rig.build({ Dockerfile: 'FROM scratch\nCOPY a /\n', a: 'silent' }, { outputs });
    expect(image).toBeUndefined();
    expect(await document<Manifest>(`silent@${response.get('containerimage.digest')}`)).toMatchObject({
      layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip' }],
    });
    await expect(document('silent:latest')).rejects.toThrow('not found');
  });

  test('provenance and packages are told in the index, and clients read them', async () => {
    const name = `${registry.host}/told:1`;
    const files = {
      Dockerfile:
        'FROM scratch AS base\nCOPY status /var/lib/dpkg/status\nFROM base\nARG SECRETISH=1\nCOPY METADATA /usr/lib/python3/dist-packages/a.dist-info/METADATA\n',
      status: 'Package: bash\nStatus: install ok installed\nVersion: 5.2\nArchitecture: amd64\n\n',
      METADATA: 'Metadata-Version: 2.1\nName: A.b\nVersion: 1.0\n\n',
    };
    const attestations = new Map([
      ['sbom', new Map<string, string>()],
      [
        'provenance',
        new Map([
          ['mode', 'min'],
          ['inline-only', 'true'],
          ['builder-id', 'https://builder'],
        ]),
      ],
    ] as const);
    const buildArgs = new Map([['SECRETISH', 'hidden']]);
    const { response } = await rig.build(files, {
      attestations,
      buildArgs,
      outputs: [outputOf(`type=image,push=true,name=${name}`)],
    });
    const index = await document<Index>('told:1');
    const [image, said] = index.manifests;
    expect(said).toMatchObject({
      platform: { os: 'unknown', architecture: 'unknown' },
      annotations: {
        'vnd.docker.reference.type': 'attestation-manifest',
        'vnd.docker.reference.digest': image?.digest,
      },
    });
    expect((await document<Manifest>(`told@${said?.digest}`)).layers).toMatchObject([
      {
        mediaType: 'application/vnd.in-toto+json',
        annotations: { 'in-toto.io/predicate-type': 'https://spdx.dev/Document' },
      },
      { annotations: { 'in-toto.io/predicate-type': 'https://slsa.dev/provenance/v1' } },
    ]);
    expect(response.has('containerimage.config.digest')).toBe(false);
    const buildx = await findBuildx();
    if (buildx === undefined) return;
    const inspect = (format: string): string =>
      execFileSync(buildx, ['imagetools', 'inspect', name, '--format', format], { encoding: 'utf8' });
    const sbom = JSON.parse(inspect('{{json .SBOM}}')) as { SPDX: { packages: { externalRefs?: object[] }[] } };
    const urls = JSON.stringify(sbom.SPDX.packages.map(({ externalRefs }) => externalRefs));
    expect(urls).toContain('pkg:deb/debian/bash@5.2?arch=amd64');
    expect(urls).toContain('pkg:pypi/a-b@1.0');
    const provenance = inspect('{{json .Provenance}}');
    expect(JSON.parse(provenance)).toMatchObject({ SLSA: { runDetails: { builder: { id: 'https://builder' } } } });
    expect(provenance).not.toContain('hidden');
  });

  test('a base of another platform gets no name here, and what stands for its name stays', async () => {
    const name = `${registry.host}/base:1`;
    await rig.build(BY_ARCHITECTURE, {
      platforms: [AMD64, ARM64],
      outputs: [outputOf(`type=image,name=${name},push=true,store=false`)],
    });
    await using other = await openTestBuilder();
    const { image: own } = await pullImage(other.store.images.context, parseReference(name));
    const { image } = await other.build(
      { Dockerfile: `FROM ${name}\nCOPY more /\n`, more: 'm' },
      { platforms: [ARM64], outputs: [outputOf('type=image,name=cross')] },
    );
    expect(image?.config.architecture).toBe('arm64');
    expect((await other.store.images.get(name)).id).toBe(own.id);
    expect(own.config.architecture).toBe('amd64');
    expect(await other.store.images.list()).toHaveLength(2);
  });

  test('a registry that fails in the middle leaves no image and no files behind', async () => {
    await using broken = await startFakeRegistry(({ method, path }, response) => {
      const isUpload = path.includes('/blobs/uploads/');
      const status = { HEAD: 404, POST: 202, PATCH: 202, PUT: isUpload ? 201 : 400 }[method] ?? 200;
      response.writeHead(status, { location: '/v2/x/blobs/uploads/1' }).end();
    });
    const files = { Dockerfile: 'FROM scratch\nCOPY a /\n', a: 'of the one that fails' };
    const outputs = [outputOf(`type=image,push=true,name=${broken.host}/x:1`)];
    await expect(rig.build(files, { outputs })).rejects.toThrow(`failed to push ${broken.host}/x:1`);
    await expect(rig.store.images.get(`${broken.host}/x:1`)).rejects.toThrow('No such image');
    const left = await readdir(join(rig.store.root, 'builder'));
    expect(left.filter((entry) => entry.startsWith('build-'))).toEqual([]);
  });
});
