import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openClient } from '#client/transport.ts';
import { makeImage, type Made } from '#engine/images/test-image.ts';
import { buildBase } from '#project/base/build-base.ts';
import { type FakeRegistry, startFakeRegistry } from '#registry/client/fake-registry.ts';
import { hasRegistry, startTestRegistry, type TestRegistry } from '#registry/client/test-registry.ts';
import { startEngine, type TestEngine } from '../support/engine.ts';

/** user:password, as `htpasswd -B` writes it. */
const BCRYPT_LINE = 'user:$2a$05$rSDJauYSbl87z4V.J0KaCeB0k3pIso9J7fOaFQF8cLKOJQNPC1t.y';

let engine: TestEngine;
let registry: TestRegistry;

const isRunnable = process.getuid?.() === 0 && hasRegistry;

/** A registry that begins to send a layer and then says no more. */
async function startStalledRegistry(made: Made): ReturnType<typeof startFakeRegistry> {
  return startFakeRegistry(({ path }, response) => {
    if (path.includes('/manifests/'))
      return response.writeHead(200, { 'Content-Type': made.root.mediaType }).end(made.bytes);
    const blob = made.blobs.get(path.split('/').at(-1) ?? '');
    if (blob === undefined) return response.writeHead(path === '/v2/' ? 200 : 404).end();
    response.writeHead(200, { 'Content-Length': blob.length });
    return blob.length < 10_000 ? response.end(blob) : response.write(blob.subarray(0, 10_000));
  });
}

/** What is on its way into the engine's store. */
const incoming = async (): Promise<string[]> => {
  const folders = ['layers/.new', 'content/ingest'];
  return (await Promise.all(folders.map((path) => readdir(join(engine.dataRoot, path))))).flat();
};

/** Whether both layers of an image are on their way. */
const isPulling = ({ seen }: FakeRegistry): boolean =>
  seen.filter(({ method, path }) => method === 'GET' && path.includes('/blobs/')).length === 3;

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 100 && !(await isTrue()); tries++) await sleep(50);
  expect(await isTrue()).toBe(true);
}

describe.skipIf(!isRunnable)('registries, with the docker client (need root and the package docker-registry)', () => {
  beforeAll(async () => {
    engine = await startEngine();
    registry = await startTestRegistry();
    const client = openClient({ kind: 'unix', path: engine.socket });
    await buildBase(client, 'hello-world');
    client.close();
  });
  afterAll(async () => {
    await registry[Symbol.asyncDispose]();
    await engine[Symbol.asyncDispose]();
  });

  test('an image is pushed, removed, pulled and run, and is the same', async () => {
    const name = `${registry.host}/u/hello:1`;
    await engine.docker('tag', 'hello-world', name);
    const pushed = await engine.docker('push', name);
    expect(pushed.stdout).toMatch(/^The push refers to repository \[.*\/u\/hello\]\n/);
    expect(pushed.stdout).toMatch(/1: digest: sha256:[0-9a-f]{64} size: \d+\n$/);
    const { stdout: id } = await engine.docker('image', 'inspect', '-f', '{{.Id}}', name);
    await engine.docker('rmi', name, 'hello-world');
    const pulled = await engine.docker('pull', name);
    expect(pulled.stdout).toContain(`Status: Downloaded newer image for ${name}`);
    expect((await engine.docker('image', 'inspect', '-f', '{{.Id}}', name)).stdout).toBe(id);
    expect((await engine.docker('run', '--rm', name)).stdout).toContain('Hello from Berth!');
    expect((await engine.docker('pull', name)).stdout).toContain(`Status: Image is up to date for ${name}`);
    await engine.docker('tag', name, 'hello-world');
  });

  test('all tags of a repository are pulled and pushed on demand', async () => {
    const name = `${registry.host}/u/many`;
    for (const tag of ['a', 'b']) await engine.docker('tag', 'hello-world', `${name}:${tag}`);
    const pushed = await engine.docker('push', '-a', name);
    expect(pushed.stdout.match(/digest: sha256/g)).toHaveLength(2);
    await engine.docker('rmi', `${name}:a`, `${name}:b`);
    expect((await engine.docker('pull', '-a', name)).code).toBe(0);
    const { stdout } = await engine.docker('images', '--format', '{{.Tag}}', name);
    expect(
      stdout
        .trim()
        .split('\n')
        .toSorted((a, b) => a.localeCompare(b)),
    ).toEqual(['a', 'b']);
  });

  test('run fetches what is not here', async () => {
    const name = `${registry.host}/u/hello:1`;
    await engine.docker('rmi', '-f', name);
    const { code, stdout } = await engine.docker('run', '--rm', name);
    expect(code).toBe(0);
    expect(stdout).toContain('Hello from Berth!');
  });

  test('what cannot be fetched is said', async () => {
    const absent = await engine.docker('pull', `${registry.host}/u/none:1`);
    expect(absent.code).toBe(1);
    expect(absent.stderr).toContain('manifest for u/none:1 not found: manifest unknown');
    const unknown = await engine.docker('pull', 'no-such-host.invalid/x');
    expect(unknown.stderr).toContain('no such host: no-such-host.invalid');
    const other = await engine.docker('pull', '--platform', 'linux/s390x', `${registry.host}/u/none:1`);
    expect(other.code).toBe(1);
  });

  test('login keeps credentials, with which a private registry is used; logout ends that', async () => {
    await using guarded = await startTestRegistry({ htpasswd: BCRYPT_LINE });
    const name = `${guarded.host}/u/hello:1`;
    await engine.docker('tag', 'hello-world', name);
    expect((await engine.docker('push', name)).code).toBe(1);
    const login = (password: string): ReturnType<TestEngine['command']> =>
      engine.command(['docker', 'login', '-u', 'user', '--password-stdin', guarded.host], { input: password });
    const refused = await login('wrong');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('unauthorized');
    expect((await login('password')).stdout).toContain('Login Succeeded');
    expect((await engine.docker('push', name)).code).toBe(0);
    await engine.docker('rmi', name);
    expect((await engine.docker('pull', name)).code).toBe(0);
    await engine.docker('logout', guarded.host);
    await engine.docker('rmi', name);
    const denied = await engine.docker('pull', name);
    expect(denied.stderr).toContain('pull access denied');
    expect(engine.log()).not.toContain('password');
  });

  test('the registry can be asked what it has', async () => {
    const { status, text } = await engine.request('GET', `/distribution/${registry.host}/u/hello:1/json`);
    expect(status).toBe(200);
    expect(JSON.parse(text)).toMatchObject({ Platforms: [{ os: 'linux' }] });
  });

  test('a client that leaves ends its pull, and nothing of it stays', async () => {
    await using stalled = await startStalledRegistry(await makeImage(['gzip', 'gzip']));
    const name = `${stalled.host}/u/x:1`;
    const client = spawn('docker', ['pull', name], {
      env: { ...process.env, DOCKER_HOST: `unix://${engine.socket}` },
      stdio: 'ignore',
    });
    await until(async () => isPulling(stalled));
    client.kill('SIGKILL');
    await once(client, 'exit');
    await until(async () => stalled.open() === 0);
    await until(async () => (await incoming()).length === 0);
    expect((await engine.docker('images', '-q', name)).stdout).toBe('');
  });

  test('a pull that a kill of the engine ends leaves nothing half', async () => {
    await using stalled = await startStalledRegistry(await makeImage(['gzip', 'gzip']));
    const name = `${stalled.host}/u/x:1`;
    const pull = engine.docker('pull', name);
    await until(async () => isPulling(stalled));
    await engine.kill('SIGKILL');
    expect((await pull).code).toBe(1);
    await engine.start();
    expect(await incoming()).toEqual([]);
    expect((await engine.docker('images', '-q', name)).stdout).toBe('');
    const whole = await makeImage(['gzip']);
    await using honest = await startFakeRegistry(({ path }, response) => {
      if (path.includes('/manifests/'))
        return response.writeHead(200, { 'Content-Type': whole.root.mediaType }).end(whole.bytes);
      return response.writeHead(200).end(whole.blobs.get(path.split('/').at(-1) ?? ''));
    });
    expect((await engine.docker('pull', `${honest.host}/u/x:1`)).code).toBe(0);
    expect((await readFile(join(engine.dataRoot, 'engine-id'), 'utf8')).trim()).toBe(engine.id);
  });

  test('mirrors are asked for what belongs to Docker Hub, and get no credentials', async () => {
    const made = await makeImage(['gzip']);
    await using mirror = await startFakeRegistry(({ path }, response) => {
      if (path.includes('/manifests/'))
        return response.writeHead(200, { 'Content-Type': made.root.mediaType }).end(made.bytes);
      const blob = made.blobs.get(path.split('/').at(-1) ?? '');
      return blob === undefined
        ? response.writeHead(path === '/v2/' ? 200 : 404).end()
        : response.writeHead(200).end(blob);
    });
    await using own = await startEngine({ flags: ['--registry-mirror', `http://${mirror.host}`] });
    expect((await own.docker('pull', 'python:x')).stdout).toContain('Status: Downloaded newer image for python:x');
    expect(mirror.seen.map(({ path }) => path)).toContain('/v2/library/python/manifests/x');
    expect(mirror.seen.every(({ headers }) => headers.authorization === undefined)).toBe(true);
    expect((await own.docker('images', '--format', '{{.Repository}}:{{.Tag}}')).stdout).toBe('python:x\n');
  });
});
