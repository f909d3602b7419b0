import { randomBytes } from 'node:crypto';
import { mkdtempDisposable, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { ProgressMessage } from '#api/progress.ts';
import { CancelledError, InvalidArgumentError, NotFoundError } from '#lib/errors.ts';
import type { Descriptor } from '#oci/descriptor.ts';
import { MEDIA_TYPES } from '#oci/media-type.ts';
import { parseReference } from '#oci/reference.ts';
import { digestOf, startFakeRegistry } from '#registry/client/fake-registry.ts';
import { login, openRepository } from '#registry/client/registry.ts';
import { hasRegistry, startTestRegistry } from '#registry/client/test-registry.ts';
import { tokenKeys } from '#registry/client/test-token-keys.ts';
import { hostPlatform } from './host-platform.ts';
import { pullImage } from './pull.ts';
import { pushImage } from './push.ts';
import { layerTar, type Made, makeImage } from './test-image.ts';
import { openTestStore, type TestStore } from './test-store.ts';

/** user:password, as `htpasswd -B` writes it. */
const BCRYPT_LINE = 'user:$2a$05$rSDJauYSbl87z4V.J0KaCeB0k3pIso9J7fOaFQF8cLKOJQNPC1t.y';

const isRoot = process.getuid?.() === 0;

/** Uploads an image with our client, as manifest or below an index with other platforms. */
async function upload(name: string, made: Made, index?: Buffer): Promise<void> {
  const reference = parseReference(name);
  using repository = openRepository(reference, 'pull,push');
  for (const [digest, blob] of made.blobs)
    await repository.uploadBlob({ open: () => once(blob), digest: () => digest as `sha256:${string}` });
  await repository.putManifest({
    reference: index === undefined ? (reference.tag ?? '') : made.root.digest,
    descriptor: made.root,
    bytes: made.bytes,
  });
  if (index !== undefined)
    await repository.putManifest({
      reference: reference.tag ?? '',
      descriptor: { mediaType: MEDIA_TYPES.ociIndex, digest: digestOf(index), size: index.length },
      bytes: index,
    });
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** Nothing that a failed transfer might leave. */
async function expectEmpty(store: TestStore): Promise<void> {
  expect(await store.images.list()).toEqual([]);
  expect(await readdir(join(store.root, 'content', 'ingest'))).toEqual([]);
}

describe.skipIf(!isRoot || !hasRegistry)('against docker-registry (needs root and the package docker-registry)', () => {
  test('layers in every compression are pulled, and pushed with equal diffIDs under the same manifest', async () => {
    await using registry = await startTestRegistry();
    await using other = await startTestRegistry();
    const made = await makeImage(['gzip', 'zstd', 'none']);
    await upload(`${registry.host}/u/x:1`, made);
    await using store = await openTestStore();
    const { context } = store.images;
    const { image } = await pullImage(context, parseReference(`${registry.host}/u/x:1`));
    expect(image.config.rootfs.diff_ids).toEqual(made.diffIds);
    expect(image.digests).toEqual([`${registry.host}/u/x@${made.root.digest}`]);
    const [same] = await pushImage(context, parseReference(`${registry.host}/u/x:1`));
    expect(same?.descriptor.digest).toBe(made.root.digest);

    await store.images.tag(image.id, `${other.host}/v/y:2`);
    await pushImage(context, parseReference(`${other.host}/v/y:2`));
    await using second = await openTestStore();
    const again = await pullImage(second.images.context, parseReference(`${other.host}/v/y:2`));
    expect(again.image.id).toBe(image.id);
    expect(again.image.config.rootfs.diff_ids).toEqual(made.diffIds);
  });

  test('a layer compressed twice has one digest, and the registry is asked first', async () => {
    await using registry = await startTestRegistry();
    await using other = await startTestRegistry();
    const made = await makeImage(['none', 'none']);
    await upload(`${registry.host}/u/x:1`, made);
    await using store = await openTestStore();
    const { context } = store.images;
    await pullImage(context, parseReference(`${registry.host}/u/x:1`));
    const digests: string[] = [];
    for (const host of [other.host, other.host]) {
      await store.images.tag(`${registry.host}/u/x:1`, `${host}/u/x:1`);
      const messages: ProgressMessage[] = [];
      const [pushed] = await pushImage(context, parseReference(`${host}/u/x:1`), {
        report: (message) => messages.push(message),
      });
      digests.push(pushed?.descriptor.digest ?? '');
      const existing = messages.filter(({ status }) => status === 'Layer already exists');
      expect(existing).toHaveLength(digests.length === 1 ? 0 : 2);
    }
    expect(new Set(digests).size).toBe(1);
  });

  test('a layer that another repository of the registry has is taken from there', async () => {
    await using registry = await startTestRegistry();
    await upload(`${registry.host}/u/x:1`, await makeImage(['gzip']));
    await using store = await openTestStore();
    const { context } = store.images;
    await pullImage(context, parseReference(`${registry.host}/u/x:1`));
    await store.images.tag(`${registry.host}/u/x:1`, `${registry.host}/v/y:1`);
    const told: (string | undefined)[] = [];
    await pushImage(context, parseReference(`${registry.host}/v/y:1`), { report: ({ status }) => told.push(status) });
    expect(told).toContain('Mounted from u/x');
    await using second = await openTestStore();
    await pullImage(second.images.context, parseReference(`${registry.host}/v/y:1`));
  });

  test('of an index the host’s platform is taken, attestations never; the index stays the root', async () => {
    await using registry = await startTestRegistry();
    const made = await makeImage(['gzip']);
    const platform = hostPlatform();
    const foreign = { ...made.root, platform: { os: 'linux', architecture: 's390x' } };
    const attestation = {
      ...made.root,
      platform: { os: 'unknown', architecture: 'unknown' },
      annotations: { 'vnd.docker.reference.type': 'attestation-manifest' },
    };
    const index = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: MEDIA_TYPES.ociIndex,
        manifests: [attestation, foreign, { ...made.root, platform }],
      }),
    );
    await upload(`${registry.host}/u/x:1`, made, index);
    await using store = await openTestStore();
    const reference = parseReference(`${registry.host}/u/x:1`);
    const { image } = await pullImage(store.images.context, reference);
    expect(image.root.digest).toBe(digestOf(index));
    expect(image.digests).toEqual([`${registry.host}/u/x@${digestOf(index)}`]);
    const wanted = { os: 'linux', architecture: 'riscv64' };
    await expect(pullImage(store.images.context, reference, { platform: wanted })).rejects.toThrow(
      'no matching manifest for linux/riscv64 in the manifest list entries',
    );
    const byDigest = parseReference(`${registry.host}/u/x@${digestOf(index)}`);
    expect((await pullImage(store.images.context, byDigest)).isNew).toBe(false);
  });

  test('progress has Docker’s words and order', async () => {
    await using registry = await startTestRegistry();
    const made = await makeImage(['gzip']);
    await upload(`${registry.host}/u/x:1`, made);
    await using store = await openTestStore();
    const pull = async (): Promise<string[]> => {
      const messages: ProgressMessage[] = [];
      await pullImage(store.images.context, parseReference(`${registry.host}/u/x:1`), {
        report: (message) => messages.push(message),
      });
      return messages.map(({ status = '' }) => status).filter((status, index, all) => status !== all[index - 1]);
    };
    expect(await pull()).toEqual([
      'Pulling from u/x',
      'Pulling fs layer',
      'Downloading',
      'Verifying Checksum',
      'Download complete',
      'Extracting',
      'Pull complete',
      `Digest: ${made.root.digest}`,
      `Status: Downloaded newer image for ${registry.host}/u/x:1`,
    ]);
    expect(await pull()).toEqual([
      'Pulling from u/x',
      `Digest: ${made.root.digest}`,
      `Status: Image is up to date for ${registry.host}/u/x:1`,
    ]);
  });

  test('two pulls at once, of one image and of two with common layers, are both whole', async () => {
    await using registry = await startTestRegistry();
    const made = await makeImage(['gzip', 'gzip', 'zstd']);
    await upload(`${registry.host}/u/x:1`, made);
    await upload(`${registry.host}/u/y:1`, made);
    await using store = await openTestStore();
    const names = [`${registry.host}/u/x:1`, `${registry.host}/u/x:1`, `${registry.host}/u/y:1`];
    const pulled = await Promise.all(names.map((name) => pullImage(store.images.context, parseReference(name))));
    expect(new Set(pulled.map(({ image }) => image.id)).size).toBe(1);
    expect((await store.images.list()).map(({ tags }) => tags)).toEqual([[...new Set(names)]]);
  });

  test('Basic authentication: pull, push and login', async () => {
    await using registry = await startTestRegistry({ htpasswd: BCRYPT_LINE });
    const auth = { username: 'user', password: 'password' };
    expect(await login(registry.host, { auth })).toEqual({ identityToken: undefined });
    await expect(login(registry.host, { auth: { ...auth, password: 'wrong' } })).rejects.toThrow('was refused');
    await using store = await openTestStore();
    const reference = parseReference(`${registry.host}/u/x:1`);
    await expect(pullImage(store.images.context, reference)).rejects.toThrow(/pull access denied for .*docker login/);
    await expect(pullImage(store.images.context, reference, { auth })).rejects.toThrow('manifest unknown');
  });

  test('Bearer authentication with a token server of its own', async () => {
    const { keys, token } = await tokenKeys();
    await using server = await startFakeRegistry(({ path, headers }, response) => {
      const query = new URL(path, 'http://x').searchParams;
      const isIn = headers.authorization === `Basic ${Buffer.from('user:password').toString('base64')}`;
      return response.end(JSON.stringify({ token: token(isIn ? query.getAll('scope') : []) }));
    });
    await using folder = await mkdtempDisposable(join(tmpdir(), 'keys-'));
    await writeFile(join(folder.path, 'ca.crt'), keys.certificate);
    const auth = {
      realm: `http://${server.host}/token`,
      service: 'test',
      issuer: 'test',
      rootcertbundle: join(folder.path, 'ca.crt'),
    };
    await using registry = await startTestRegistry({ auth: { token: auth } });
    const user = { username: 'user', password: 'password' };
    const made = await makeImage(['gzip']);
    await using store = await openTestStore();
    const reference = parseReference(`${registry.host}/u/x:1`);
    using repository = openRepository(reference, 'pull,push', { auth: user });
    for (const [digest, blob] of made.blobs)
      await repository.uploadBlob({ open: () => once(blob), digest: () => digest as `sha256:${string}` });
    await repository.putManifest({ reference: '1', descriptor: made.root, bytes: made.bytes });
    const { image } = await pullImage(store.images.context, reference, { auth: user });
    expect(image.config.rootfs.diff_ids).toEqual(made.diffIds);
    await expect(pullImage(store.images.context, reference)).rejects.toThrow('pull access denied');
    const scopes = server.seen.map(({ path }) => new URL(path, 'http://x').searchParams.get('scope'));
    expect(new Set(scopes)).toEqual(new Set(['repository:u/x:pull,push', 'repository:u/x:pull']));
  });

  test('an image that is not here cannot be pushed', async () => {
    await using store = await openTestStore();
    await expect(pushImage(store.images.context, parseReference('127.0.0.1:1/u/x:1'))).rejects.toThrow(
      'An image does not exist locally with the tag: 127.0.0.1:1/u/x',
    );
  });
});

describe.skipIf(!isRoot)('a registry that lies (needs root)', () => {
  test.each([
    ['other bytes of the same length', (blob: Buffer) => randomBytes(blob.length)],
    ['one bit that is wrong', (blob: Buffer) => flip(blob)],
    ['fewer bytes', (blob: Buffer) => blob.subarray(0, blob.length - 1)],
    ['more bytes', (blob: Buffer) => Buffer.concat([blob, Buffer.alloc(10)])],
    ['bytes behind the end of the compressed stream', (blob: Buffer) => Buffer.concat([blob, gzipSync('x')])],
  ])('%s in a layer leave nothing behind', async (_, change) => {
    const made = await makeImage(['gzip', 'gzip']);
    await using registry = await serve(made, (digest, blob) => (isLayer(made, digest) ? change(blob) : blob));
    await using store = await openTestStore();
    await expect(pullImage(store.images.context, parseReference(`${registry.host}/u/x:1`))).rejects.toThrow();
    await expectEmpty(store);
  });

  test('a layer whose tar is not the one that the config names is refused', async () => {
    const made = await makeImage(['gzip']);
    const document = JSON.parse(made.bytes.toString()) as { layers: Descriptor[] };
    const wrong = gzipSync(await layerTar('other'));
    document.layers = [{ mediaType: MEDIA_TYPES.ociLayerGzip, digest: digestOf(wrong), size: wrong.length }];
    const bytes = Buffer.from(JSON.stringify(document));
    const lying = { ...made, bytes, blobs: new Map([...made.blobs, [digestOf(wrong), wrong]]) };
    await using registry = await serve(lying, (_digest, blob) => blob);
    await using store = await openTestStore();
    const pulled = pullImage(store.images.context, parseReference(`${registry.host}/u/x:1`));
    await expect(pulled).rejects.toThrow('invalid diffID for layer 0');
    await expectEmpty(store);
  });

  test('a config with other bytes is refused', async () => {
    const made = await makeImage(['gzip']);
    await using registry = await serve(made, (digest, blob) =>
      isLayer(made, digest) ? blob : Buffer.from('{"rootfs":{}}'.padEnd(blob.length)),
    );
    await using store = await openTestStore();
    await expect(pullImage(store.images.context, parseReference(`${registry.host}/u/x:1`))).rejects.toThrow(
      InvalidArgumentError,
    );
    await expectEmpty(store);
  });

  test('a pull that is cancelled while a layer stalls ends at once and leaves nothing', async () => {
    const made = await makeImage(['gzip', 'gzip']);
    await using registry = await serve(made, (digest, blob) => (isLayer(made, digest) ? 'stall' : blob));
    await using store = await openTestStore();
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 300);
    const started = performance.now();
    const pulled = pullImage(store.images.context, parseReference(`${registry.host}/u/x:1`), {
      signal: controller.signal,
    });
    await expect(pulled).rejects.toThrow(CancelledError);
    expect(performance.now() - started).toBeLessThan(2000);
    await expectEmpty(store);
  });

  test('a tag that is not there is not found', async () => {
    await using registry = await startFakeRegistry(({ path }, response) =>
      response.writeHead(path === '/v2/' ? 200 : 404).end(),
    );
    await using store = await openTestStore();
    await expect(pullImage(store.images.context, parseReference(`${registry.host}/u/x`))).rejects.toThrow(
      NotFoundError,
    );
  });
});

function flip(blob: Buffer): Buffer {
  const changed = Buffer.from(blob);
  const middle = Math.floor(changed.length / 2);
  changed.writeUInt8(changed.readUInt8(middle) ^ 1, middle);
  return changed;
}

/** Serves an image, but lets `lie` change what a blob's request gets. */
async function serve(
  made: Made,
  lie: (digest: string, blob: Buffer) => Buffer | 'stall' | 'cut',
): ReturnType<typeof startFakeRegistry> {
  return startFakeRegistry(({ path }, response) => {
    if (path.includes('/manifests/'))
      return response.writeHead(200, { 'Content-Type': made.root.mediaType }).end(made.bytes);
    const digest = path.split('/').at(-1) ?? '';
    const blob = made.blobs.get(digest);
    if (blob === undefined) return response.writeHead(path === '/v2/' ? 200 : 404).end();
    const sent = lie(digest, blob);
    if (sent instanceof Buffer) return response.writeHead(200).end(sent);
    response.writeHead(200, { 'Content-Length': blob.length });
    return response.write(blob.subarray(0, 1000), () => sent === 'cut' && response.destroy());
  });
}

function isLayer(made: Made, digest: string): boolean {
  return made.bytes.includes(digest) && (made.blobs.get(digest)?.length ?? 0) > 10_000;
}
