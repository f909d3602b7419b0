import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import {
  CancelledError,
  InvalidArgumentError,
  NotFoundError,
  PermissionDeniedError,
  UnauthenticatedError,
  UnavailableError,
} from '#lib/errors.ts';
import { MEDIA_TYPES } from '#oci/media-type.ts';
import { parseReference, type Reference } from '#oci/reference.ts';
import { digestOf, startFakeRegistry } from './fake-registry.ts';
import { fetchToken } from './token.ts';
import { openWire } from './wire.ts';
import { login, openRepository, type RegistryOptions, type Repository } from './registry.ts';

const CONFIG = Buffer.from('{}');
const LAYER = randomBytes(300_000);
const MANIFEST = Buffer.from(
  JSON.stringify({
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.ociManifest,
    config: { mediaType: MEDIA_TYPES.ociConfig, digest: digestOf(CONFIG), size: CONFIG.length },
    layers: [{ mediaType: MEDIA_TYPES.ociLayer, digest: digestOf(LAYER), size: LAYER.length }],
  }),
);
const LAYER_DESCRIPTOR = { mediaType: MEDIA_TYPES.ociLayer, digest: digestOf(LAYER), size: LAYER.length };
const OCI = { 'Content-Type': MEDIA_TYPES.ociManifest };

function open(host: string, options: RegistryOptions = {}, actions: 'pull' | 'pull,push' = 'pull'): Repository {
  return openRepository(reference(host), actions, { stallMs: 2000, ...options });
}

function reference(host: string): Reference {
  return parseReference(`${host}/u/x:1`);
}

async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(source));
}

test('a manifest is asked for in all four forms and verified by digest', async () => {
  await using registry = await startFakeRegistry((_, response) => response.writeHead(200, OCI).end(MANIFEST));
  using repository = open(registry.host);
  const { descriptor, bytes } = await repository.getManifest('1');
  expect(bytes.equals(MANIFEST)).toBe(true);
  expect(descriptor).toEqual({ mediaType: MEDIA_TYPES.ociManifest, digest: digestOf(MANIFEST), size: MANIFEST.length });
  expect(registry.seen.at(-1)?.headers.accept?.split(', ')).toHaveLength(4);
  await expect(repository.getManifest(digestOf('other'))).rejects.toThrow('manifest does not match its digest');
});

test('a registry whose digest header is not that of its bytes is not believed', async () => {
  await using registry = await startFakeRegistry((_, response) =>
    response.writeHead(200, { ...OCI, 'Docker-Content-Digest': digestOf('other') }).end(MANIFEST),
  );
  using repository = open(registry.host);
  await expect(repository.getManifest('1')).rejects.toThrow('manifest does not match its digest');
});

test.each([
  ['both manifests and layers', { schemaVersion: 2, manifests: [], layers: [], config: {} }],
  ['schema 1', { schemaVersion: 1, fsLayers: [] }],
  [
    'another type inside than outside',
    { ...(JSON.parse(MANIFEST.toString()) as object), mediaType: MEDIA_TYPES.dockerIndex },
  ],
  [
    'a digest that is none',
    { schemaVersion: 2, config: { digest: 'sha256:../../x', size: 1, mediaType: 'a' }, layers: [] },
  ],
])('a manifest with %s is refused', async (_, document) => {
  await using registry = await startFakeRegistry((_seen, response) =>
    response.writeHead(200, OCI).end(JSON.stringify(document)),
  );
  using repository = open(registry.host);
  await expect(repository.getManifest('1')).rejects.toThrow(InvalidArgumentError);
});

test('a manifest larger than registries may have is not collected', async () => {
  await using registry = await startFakeRegistry((_, response) =>
    response.writeHead(200, OCI).end(Buffer.alloc(5 * 1024 * 1024, ' ')),
  );
  using repository = open(registry.host);
  await expect(repository.getManifest('1')).rejects.toThrow('more than 4194304 bytes');
});

test('an unknown name says what was asked for', async () => {
  await using registry = await startFakeRegistry((_, response) =>
    response.writeHead(404).end('{"errors":[{"code":"MANIFEST_UNKNOWN"}]}'),
  );
  using repository = open(registry.host);
  await expect(repository.getManifest('1')).rejects.toThrow(NotFoundError);
  await expect(repository.getManifest('1')).rejects.toThrow(
    'manifest for u/x:1 not found: manifest unknown: manifest unknown',
  );
});

test('a blob arrives over as many connections as it takes', async () => {
  const ranges: (string | undefined)[] = [];
  await using registry = await startFakeRegistry(({ path, headers }, response) => {
    if (!path.includes('/blobs/')) return response.writeHead(200).end();
    ranges.push(headers.range);
    const start = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0);
    response.writeHead(start > 0 ? 206 : 200, { 'Content-Length': LAYER.length - start });
    if (start > 200_000) return response.end(LAYER.subarray(start));
    return response.write(LAYER.subarray(start, start + 100_001), () => response.destroy());
  });
  using repository = open(registry.host);
  expect((await collect(await repository.openBlob(LAYER_DESCRIPTOR))).equals(LAYER)).toBe(true);
  expect(ranges).toEqual([undefined, 'bytes=100001-', 'bytes=200002-']);
});

test('a registry that knows no ranges sends it again, and the start is skipped', async () => {
  let requests = 0;
  await using registry = await startFakeRegistry(({ path }, response) => {
    if (!path.includes('/blobs/')) return response.writeHead(200).end();
    response.writeHead(200, { 'Content-Length': LAYER.length });
    if (requests++ > 0) return response.end(LAYER);
    return response.write(LAYER.subarray(0, 50_000), () => response.destroy());
  });
  using repository = open(registry.host);
  expect((await collect(await repository.openBlob(LAYER_DESCRIPTOR))).equals(LAYER)).toBe(true);
});

test('more bytes than announced end the download', async () => {
  await using registry = await startFakeRegistry((_, response) => response.writeHead(200).end(LAYER));
  using repository = open(registry.host);
  const blob = await repository.openBlob({ ...LAYER_DESCRIPTOR, size: 1000 });
  await expect(collect(blob)).rejects.toThrow('has more than its 1000 bytes');
});

test('a registry that stalls is given up', async () => {
  await using registry = await startFakeRegistry(({ path }, response) => {
    if (!path.includes('/blobs/')) return response.writeHead(200).end();
    response.writeHead(200, { 'Content-Length': LAYER.length });
    return response.write(LAYER.subarray(0, 1000));
  });
  const signal = AbortSignal.timeout(1500);
  using repository = open(registry.host, { stallMs: 100, signal });
  await expect(collect(await repository.openBlob(LAYER_DESCRIPTOR))).rejects.toThrow();
  expect(registry.seen.filter(({ path }) => path.includes('/blobs/')).length).toBeGreaterThan(1);
});

test('a download ends when it is cancelled', async () => {
  await using registry = await startFakeRegistry((_, response) => {
    response.writeHead(200, { 'Content-Length': LAYER.length });
    return response.write(LAYER.subarray(0, 1000));
  });
  const controller = new AbortController();
  using repository = open(registry.host, { signal: controller.signal });
  const blob = await repository.openBlob(LAYER_DESCRIPTOR);
  setTimeout(() => controller.abort(), 50);
  await expect(collect(blob)).rejects.toThrow(CancelledError);
});

test('what is temporary is tried again after the time the registry asks for', async () => {
  const at: number[] = [];
  await using registry = await startFakeRegistry(({ path }, response) => {
    if (!path.includes('/manifests/')) return response.writeHead(200).end();
    at.push(Date.now());
    if (at.length === 1) return response.writeHead(429, { 'Retry-After': '1' }).end();
    if (at.length === 2) return response.writeHead(503).end();
    return response.writeHead(200, OCI).end(MANIFEST);
  });
  using repository = open(registry.host);
  await repository.getManifest('1');
  expect(at).toHaveLength(3);
  expect((at[1] ?? 0) - (at[0] ?? 0)).toBeGreaterThan(950);
});

test('too many requests that last are said with what to do', async () => {
  await using registry = await startFakeRegistry(({ path }, response) => {
    response.writeHead(path.includes('/manifests/') ? 429 : 200, { 'Retry-After': '3600' });
    return response.end('{"errors":[{"code":"TOOMANYREQUESTS","message":"You have reached your limit"}]}');
  });
  using repository = open(registry.host);
  await expect(repository.getManifest('1')).rejects.toThrow(/toomanyrequests: .*You have reached your limit/);
});

test('Basic: the password is sent only after the registry asked for it', async () => {
  await using registry = await startFakeRegistry(({ headers }, response) => {
    const isIn = headers.authorization === `Basic ${Buffer.from('u:p').toString('base64')}`;
    return response.writeHead(isIn ? 200 : 401, isIn ? OCI : { 'WWW-Authenticate': 'Basic realm="r"' }).end(MANIFEST);
  });
  using repository = open(registry.host, { auth: { username: 'u', password: 'p' } });
  await repository.getManifest('1');
  const first = registry.seen.find(({ path }) => path.includes('manifests'));
  expect(first?.headers.authorization).toBeUndefined();
  using anonymous = open(registry.host);
  await expect(anonymous.getManifest('1')).rejects.toThrow(UnauthenticatedError);
  using wrong = open(registry.host, { auth: { username: 'u', password: 'x' } });
  await expect(wrong.getManifest('1')).rejects.toThrow(UnauthenticatedError);
});

test('Bearer: one token per set of rights, asked for with the password', async () => {
  const tokens: string[] = [];
  await using registry = await startFakeRegistry(({ path, headers }, response) => {
    if (path.startsWith('/token')) {
      tokens.push(path);
      const isIn = headers.authorization === `Basic ${Buffer.from('u:p').toString('base64')}`;
      return response.writeHead(200).end(JSON.stringify({ token: isIn ? 'good' : 'poor', expires_in: 300 }));
    }
    if (headers.authorization === 'Bearer good') return response.writeHead(200, OCI).end(MANIFEST);
    const realm = `Bearer realm="http://${headers.host ?? ''}/token",service="s, with \\"quotes\\"",scope="repository:u/x:pull"`;
    return response.writeHead(401, { 'WWW-Authenticate': realm }).end();
  });
  using repository = open(registry.host, { auth: { username: 'u', password: 'p' } });
  await repository.getManifest('1');
  await Promise.all([repository.getManifest('1'), repository.getManifest('1')]);
  expect(tokens).toHaveLength(1);
  const query = new URLSearchParams(tokens[0]?.split('?')[1]);
  expect(query.get('service')).toBe('s, with "quotes"');
  expect(query.get('scope')).toBe('repository:u/x:pull');
  expect(query.get('account')).toBe('u');
  using anonymous = open(registry.host);
  await expect(anonymous.getManifest('1')).rejects.toThrow(UnauthenticatedError);
});

test('a password never goes to a token server without TLS that a registry with TLS names', async () => {
  await using server = await startFakeRegistry((_, response) => response.end('{"token":"x"}'));
  using wire = openWire({ secureContext: () => undefined, isInsecure: () => false, stallMs: 1000 });
  const challenge = { scheme: 'bearer' as const, parameters: { realm: `http://${server.host}/token` } };
  const request = { challenge, scopes: [], auth: { username: 'u', password: 'p' } };
  await expect(fetchToken(wire, { ...request, isPlain: false })).rejects.toThrow(PermissionDeniedError);
  expect(server.seen).toEqual([]);
  for (const realm of ['', 'ftp://x/', 'file:///etc/passwd'])
    await expect(
      fetchToken(wire, { ...request, challenge: { ...challenge, parameters: { realm } }, isPlain: true }),
    ).rejects.toThrow();
});

test('an identity token is exchanged by OAuth2', async () => {
  let form = new URLSearchParams();
  await using registry = await startFakeRegistry(({ method, path, headers, body }, response) => {
    if (path.startsWith('/token')) {
      if (method !== 'POST') return response.writeHead(400).end();
      form = new URLSearchParams(body.toString());
      return response.writeHead(200).end(JSON.stringify({ access_token: 'good' }));
    }
    if (headers.authorization === 'Bearer good') return response.writeHead(200, OCI).end(MANIFEST);
    return response
      .writeHead(401, { 'WWW-Authenticate': `Bearer realm="http://${headers.host ?? ''}/token",service="s"` })
      .end();
  });
  using repository = open(registry.host, { auth: { identityToken: 'refresh' } });
  await repository.getManifest('1');
  expect(form.get('grant_type')).toBe('refresh_token');
  expect(form.get('refresh_token')).toBe('refresh');
});

test('a redirect to another origin gets no credentials, even on the same host', async () => {
  await using storage = await startFakeRegistry((_, response) => response.writeHead(200).end(LAYER));
  await using registry = await startFakeRegistry(({ path, headers }, response) => {
    if (headers.authorization === undefined && path !== '/v2/')
      return response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="r"' }).end();
    if (path.includes('/blobs/'))
      return response.writeHead(307, { Location: `http://${storage.host}/bucket?sig=1` }).end();
    return response.writeHead(200).end();
  });
  using repository = open(registry.host, { auth: { username: 'u', password: 'p' } });
  expect((await collect(await repository.openBlob(LAYER_DESCRIPTOR))).equals(LAYER)).toBe(true);
  expect(registry.seen.some(({ headers }) => headers.authorization !== undefined)).toBe(true);
  expect(storage.seen.map(({ headers }) => headers.authorization)).toEqual([undefined]);
});

test('a storage that asks for a password gets none', async () => {
  await using storage = await startFakeRegistry((_, response) =>
    response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="r"' }).end(),
  );
  await using registry = await startFakeRegistry(({ path }, response) => {
    if (path.includes('/blobs/')) return response.writeHead(307, { Location: `http://${storage.host}/x` }).end();
    return response.writeHead(200).end();
  });
  using repository = open(registry.host, { auth: { username: 'u', password: 'p' } });
  await expect(repository.openBlob(LAYER_DESCRIPTOR)).rejects.toThrow(UnauthenticatedError);
  expect(storage.seen.every(({ headers }) => headers.authorization === undefined)).toBe(true);
});

test('redirects in circles end', async () => {
  await using registry = await startFakeRegistry(({ path }, response) =>
    response.writeHead(path === '/v2/' ? 200 : 302, { Location: path }).end(),
  );
  using repository = open(registry.host);
  await expect(repository.openBlob(LAYER_DESCRIPTOR)).rejects.toThrow('redirects in circles');
});

test('an upload streams, follows the location it is given, and ends with the digest', async () => {
  await using registry = await startFakeRegistry(({ method, path, body }, response) => {
    if (method === 'POST') return response.writeHead(202, { Location: '/somewhere/1?_state=a%2Bb' }).end();
    if (method === 'PATCH')
      return response.writeHead(202, { Location: `http://${registry.host}/somewhere/2?_state=c` }).end();
    if (method === 'PUT') return response.writeHead(201).end();
    return response.writeHead(path === '/v2/' ? 200 : 404).end(body);
  });
  using repository = open(registry.host, {}, 'pull,push');
  await repository.uploadBlob({ open: () => pieces(LAYER), digest: () => digestOf(LAYER) });
  const uploads = registry.seen.filter(({ method }) => method !== 'GET');
  expect(uploads.map(({ method, path }) => `${method} ${path}`)).toEqual([
    'POST /v2/u/x/blobs/uploads/',
    'PATCH /somewhere/1?_state=a%2Bb',
    `PUT /somewhere/2?_state=c&digest=${encodeURIComponent(digestOf(LAYER))}`,
  ]);
  expect(uploads[1]?.body.equals(LAYER)).toBe(true);
});

test('an upload that breaks begins anew, and the broken one is given back', async () => {
  let patches = 0;
  await using registry = await startFakeRegistry(({ method }, response) => {
    if (method === 'POST') return response.writeHead(202, { Location: `/up/${patches}` }).end();
    if (method === 'PATCH' && patches++ === 0) return response.destroy();
    if (method === 'PATCH') return response.writeHead(202, { Location: '/up/end' }).end();
    return response.writeHead(method === 'PUT' ? 201 : 204).end();
  });
  using repository = open(registry.host, {}, 'pull,push');
  await repository.uploadBlob({ open: () => pieces(LAYER), digest: () => digestOf(LAYER) });
  expect(registry.seen.filter(({ method }) => method === 'DELETE').map(({ path }) => path)).toEqual(['/up/0']);
  expect(registry.seen.findLast(({ method }) => method === 'PATCH')?.body.equals(LAYER)).toBe(true);
});

test('a push without the right is denied with the registry’s words', async () => {
  await using registry = await startFakeRegistry(({ path }, response) => {
    response
      .writeHead(path === '/v2/' ? 200 : 403)
      .end('{"errors":[{"code":"DENIED","message":"requested access to the resource is denied"}]}');
  });
  using repository = open(registry.host, {}, 'pull,push');
  const pushed = repository.uploadBlob({ open: () => pieces(LAYER), digest: () => digestOf(LAYER) });
  await expect(pushed).rejects.toThrow(PermissionDeniedError);
  await expect(repository.uploadBlob({ open: () => pieces(LAYER), digest: () => digestOf(LAYER) })).rejects.toThrow(
    'denied: requested access to the resource is denied',
  );
});

test('login proves the password and hands out a token that stands for it', async () => {
  await using registry = await startFakeRegistry(({ path, headers }, response) => {
    if (path.startsWith('/token')) {
      if (headers.authorization !== `Basic ${Buffer.from('u:p').toString('base64')}`)
        return response.writeHead(401).end();
      const offline = path.includes('offline_token=true') ? { refresh_token: 'keep' } : {};
      return response.writeHead(200).end(JSON.stringify({ token: 'good', ...offline }));
    }
    if (headers.authorization === 'Bearer good') return response.writeHead(200).end();
    return response.writeHead(401, { 'WWW-Authenticate': `Bearer realm="http://${headers.host ?? ''}/token"` }).end();
  });
  expect(await login(registry.host, { auth: { username: 'u', password: 'p' } })).toEqual({ identityToken: 'keep' });
  await expect(login(registry.host, { auth: { username: 'u', password: 'no' } })).rejects.toThrow(UnauthenticatedError);
});

test('a registry that is not there is said, with what to do', async () => {
  using unknown = open('no-such-host.invalid');
  await expect(unknown.getManifest('1')).rejects.toThrow('no such host: no-such-host.invalid');
  using closed = open('127.0.0.1:1');
  await expect(closed.getManifest('1')).rejects.toThrow(UnavailableError);
  await expect(closed.getManifest('1')).rejects.toThrow('connection refused');
});

test('text of a registry cannot steer a terminal', async () => {
  await using registry = await startFakeRegistry((_, response) => {
    response.writeHead(400).end(JSON.stringify({ errors: [{ code: 'X', message: 'a\u001b]0;title\u0007b' }] }));
  });
  using repository = open(registry.host);
  await expect(repository.getManifest('1')).rejects.toThrow(/a \]0;title b/);
});

async function* pieces(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 65_536) {
    await sleep(0);
    yield bytes.subarray(at, at + 65_536);
  }
}
