import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { duplexPair } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openKeptContexts } from '#engine/builder/contexts/kept-contexts.ts';
import type { ImagesContext } from '#engine/images/context.ts';
import { NotFoundError, TooLargeError, UnavailableError } from '#lib/errors.ts';
import { openGrpcClient } from '#lib/grpc/client.ts';
import { bothWays, type Method, serverStream, unary } from '#lib/grpc/method.ts';
import { message } from '#lib/protobuf/message.ts';
import { silentLog } from '#lib/log.ts';
import type { Session, Sessions } from '../sessions.ts';
import { CREDENTIALS } from './messages/auth.ts';
import { BYTES_MESSAGE } from './messages/bytes-message.ts';
import {
  ACTIONS,
  READ,
  READ_ANSWER,
  READ_REQUEST,
  STORE_ID,
  WRITE,
  WRITE_ANSWER,
  WRITE_REQUEST,
} from './messages/content.ts';
import { CHECK_HEALTH } from './messages/health.ts';
import { GET_SECRET } from './messages/secrets.ts';
import { AGENT_ID, CHECK_AGENT, FORWARD_AGENT } from './messages/ssh.ts';
import { openSessions } from './open-sessions.ts';
import { type Packet, readPacket, writePacket } from './packet.ts';
import { openTestPeer } from './test-peer.ts';
import { uploadedBytes } from './uploaded-bytes.ts';
import { watchHealth } from './watch-health.ts';

const FILE_SEND = '/moby.filesync.v1.FileSend/DiffCopy';
const PULL = '/moby.upload.v1.Upload/Pull';
let folder: string;
let cleanup: AsyncDisposableStack;
let sessions: Sessions;

beforeEach(() => {
  cleanup = new AsyncDisposableStack();
  folder = mkdtempSync(join(tmpdir(), 'berth-sessions-'));
  cleanup.defer(() => rmSync(folder, { recursive: true, force: true }));
  const contexts = openKeptContexts(join(folder, 'contexts'), { log: silentLog });
  cleanup.defer(() => contexts.close());
  // No image is taken from a layout here.
  sessions = openSessions({ contexts, images: {} as ImagesContext, log: silentLog });
  cleanup.defer(() => sessions.close());
});
afterEach(() => cleanup.disposeAsync());

const headers = (id: string, methods: readonly string[]): Record<string, string> => ({
  'x-docker-expose-session-uuid': id,
  'x-docker-expose-session-sharedkey': 'shared',
  'x-docker-expose-session-grpc-method': methods.join(', '),
});

async function session(...methods: [string, Method][]): Promise<Session> {
  const peer = cleanup.use(await openTestPeer(new Map(methods)));
  return sessions.add(
    peer.socket,
    headers(
      'one',
      methods.map(([path]) => path),
    ),
  );
}

test('a session that is on its way is waited for, and one that is gone is not there', async () => {
  const waiting = sessions.get('one', 2000);
  const added = await session();
  expect(await waiting).toBe(added);
  await expect(sessions.get('other', 20)).rejects.toThrow(NotFoundError);
  const peer = cleanup.use(await openTestPeer(new Map()));
  expect(() => sessions.add(peer.socket, headers('one', []))).toThrow('is there already');
  await sessions.close();
  expect(added.signal.aborted).toBe(true);
  await expect(sessions.get('one', 0)).rejects.toThrow(NotFoundError);
});

test('logins are asked for once each, by the names that the client has for registries', async () => {
  const asked: string[] = [];
  const answers = new Map([
    ['registry-1.docker.io', { username: 'me', secret: 'password' }],
    ['ghcr.io', { username: '', secret: 'token' }],
  ]);
  const { credentials } = await session([
    CREDENTIALS.path,
    unary(CREDENTIALS, async ({ host }) => {
      asked.push(host);
      return answers.get(host) ?? {};
    }),
  ]);
  expect(await credentials('docker.io')).toEqual({ username: 'me', password: 'password' });
  expect(await credentials('docker.io')).toEqual({ username: 'me', password: 'password' });
  expect(await credentials('ghcr.io')).toEqual({ identityToken: 'token' });
  expect(await credentials('quay.io')).toBeUndefined();
  expect(asked).toEqual(['registry-1.docker.io', 'ghcr.io', 'quay.io']);
});

test('a secret is what the client has, none if it has none, and never a huge one', async () => {
  const { secrets } = await session([
    GET_SECRET.path,
    unary(GET_SECRET, async ({ id }) => {
      if (id === 'huge') return { data: Buffer.alloc(600 * 1024) };
      if (id !== 'token') throw new NotFoundError(`secret ${id} not found`);
      return { data: Buffer.from('s3cret') };
    }),
  ]);
  expect(await secrets.get('token')).toEqual(Buffer.from('s3cret'));
  expect(await secrets.get('other')).toBeUndefined();
  await expect(secrets.get('huge')).rejects.toThrow(TooLargeError);
});

test('a client that offers nothing has no logins, secrets and agents', async () => {
  const { credentials, secrets, ssh, ...rest } = await session();
  expect(await credentials('docker.io')).toBeUndefined();
  expect(await secrets.get('token')).toBeUndefined();
  await expect(ssh.check('default')).rejects.toThrow('no SSH agent default');
  await expect(rest.sink(0).tree(folder, { keep: true, metadata: new Map() })).rejects.toThrow('does not offer');
});

test('an agent answers over the session', async () => {
  const echo = bothWays({ request: BYTES_MESSAGE, answer: BYTES_MESSAGE }, async function* (requests, { metadata }) {
    yield { data: Buffer.from(`${metadata.get(AGENT_ID)}:`) };
    for await (const { data } of requests) yield { data: Buffer.from(data).toReversed() };
  });
  const check = unary(CHECK_AGENT, async ({ id }) => {
    if (id !== 'default') throw new Error(`unset ssh forward key ${id}`);
    return {};
  });
  const { ssh } = await session([FORWARD_AGENT, echo], [CHECK_AGENT.path, check]);
  await ssh.check('default');
  await expect(ssh.check('other')).rejects.toThrow(NotFoundError);
  const agent = await ssh.connect('default', new AbortController().signal);
  agent.end('abc');
  expect(Buffer.concat(await Array.fromAsync(agent)).toString()).toBe('default:cba');
});

test('what the client reads from its standard input comes by the address it gave', async () => {
  const pull = bothWays({ request: BYTES_MESSAGE, answer: BYTES_MESSAGE }, async function* (requests, { metadata }) {
    for await (const _ of requests);
    yield { data: Buffer.from(`${metadata.get('urlhost')} ${metadata.get('urlpath')}`) };
  });
  const peer = cleanup.use(await openTestPeer(new Map([[PULL, pull]])));
  using grpc = openGrpcClient(peer.socket);
  const client = { id: 'one', sharedKey: '', grpc, methods: new Set([PULL.toLowerCase()]) };
  const pieces = await Array.fromAsync(uploadedBytes(client, 'http://buildkit-session/abc'));
  expect(Buffer.concat(pieces).toString()).toBe('buildkit-session /abc');
});

/** Takes files as a client does that has none of them. */
function receivingMethod(taken: Map<string, string>): Method {
  return {
    takesOne: false,
    async *handle(requests, { metadata }) {
      taken.set('exporter', metadata.get('buildkit-attachable-exporter-id') ?? '');
      const paths: string[] = [];
      let waiting = 0;
      for await (const request of requests) {
        const packet: Packet | 'skipped' = readPacket(request);
        if (packet === 'skipped' || packet.type === 'finish') break;
        if (packet.type === 'stat' && packet.entry === undefined && waiting === 0)
          yield writePacket({ type: 'finish' });
        if (packet.type === 'stat' && packet.entry !== undefined) {
          const { path, kind, target, mode } = packet.entry;
          taken.set(path, `${kind} ${mode.toString(8)} ${target}`);
          paths.push(path);
          if (kind !== 'file' || target !== '') continue;
          waiting += 1;
          yield writePacket({ type: 'request', id: paths.length - 1 });
        }
        if (packet.type !== 'data') continue;
        const path = paths[packet.id] ?? '?';
        if (packet.bytes.length > 0) taken.set(path, `${taken.get(path)}${Buffer.from(packet.bytes).toString()}`);
        else if (--waiting === 0) yield writePacket({ type: 'finish' });
      }
    },
  };
}

test('a folder goes to the client with modes, links and bytes', async () => {
  const output = join(folder, 'output');
  mkdirSync(join(output, 'd'), { recursive: true, mode: 0o755 });
  writeFileSync(join(output, 'd', 'f'), 'text', { mode: 0o640 });
  linkSync(join(output, 'd', 'f'), join(output, 'd', 'g'));
  symlinkSync('../nowhere', join(output, 'd-link'));
  writeFileSync(join(output, 'empty'), '');
  const taken = new Map<string, string>();
  const client = await session([FILE_SEND, receivingMethod(taken)]);
  await expect(client.sink(3).tree(output, { keep: false, metadata: new Map() })).rejects.toThrow('mode=delete');
  await client.sink(3).tree(output, { keep: true, metadata: new Map() });
  expect([...taken]).toEqual([
    ['exporter', '3'],
    ['d', 'directory 755 '],
    ['d/f', 'file 640 text'],
    ['d/g', 'file 640 d/f'],
    ['d-link', 'symlink 777 ../nowhere'],
    ['empty', 'file 644 '],
  ]);
});

async function* bytesOf(...parts: string[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield Buffer.from(part);
}

async function* endless(): AsyncGenerator<Uint8Array> {
  for (;;) {
    yield Buffer.from('stop');
    await new Promise(setImmediate);
  }
}

test('an archive goes to the client, and what breaks there is told', async () => {
  let text = '';
  const taking = bothWays({ request: BYTES_MESSAGE, answer: message({}) }, async function* (requests, { metadata }) {
    text = `${metadata.get('exporter-md-containerimage.digest')} ${metadata.get('buildkit-attachable-exporter-id')} `;
    for await (const { data } of requests) {
      text += Buffer.from(data).toString();
      if (text.includes('stop')) throw new Error('no space left on device');
    }
    yield* [];
  });
  const client = await session([FILE_SEND, taking]);
  await client.sink(0).stream(bytesOf('one', 'two'), new Map([['containerimage.digest', 'sha256:x']]));
  expect(text).toBe('sha256:x 0 onetwo');
  await expect(client.sink(0).stream(endless(), new Map())).rejects.toThrow('no space left on device');
});

/** A store of content, in memory. */
function contentMethods(blobs: Map<string, Buffer>): [string, Method][] {
  const read = serverStream({ request: READ_REQUEST, answer: READ_ANSWER }, async function* ({ digest }, { metadata }) {
    const bytes = blobs.get(`${metadata.get(STORE_ID)} ${digest}`);
    if (bytes === undefined) throw new NotFoundError(`content ${digest}: not found`);
    for (let at = 0; at < bytes.length; at += 3) yield { offset: at, data: bytes.subarray(at, at + 3) };
  });
  const write = bothWays({ request: WRITE_REQUEST, answer: WRITE_ANSWER }, async function* (requests, { metadata }) {
    const parts: Uint8Array[] = [];
    for await (const { action, expected, data } of requests) {
      const offset = (): number => parts.reduce((sum, part) => sum + part.length, 0);
      if (action === ACTIONS.write) parts.push(data);
      if (action === ACTIONS.commit) blobs.set(`${metadata.get(STORE_ID)} ${expected}`, Buffer.concat(parts));
      yield { action, offset: offset() };
    }
  });
  return [
    [READ, read],
    [WRITE, write],
  ];
}

test('a store of the client takes blobs and gives them back', async () => {
  const client = await session(...contentMethods(new Map()));
  const own = client.store('local:cache');
  const bytes = Buffer.from('a blob of some bytes');
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  await own.write({ digest, mediaType: 'text/plain', size: bytes.length }, bytesOf('a blo', 'b of some bytes'));
  expect(Buffer.concat(await Array.fromAsync(own.read(digest)))).toEqual(bytes);
  expect(await own.root(digest)).toEqual(bytes);
  expect(await own.root(digest.replace(/.$/, '_'))).toBeUndefined();
  expect(await client.store('other').root(digest)).toBeUndefined();
  await expect(Array.fromAsync(client.store('other').read(digest))).rejects.toThrow(NotFoundError);
});

test('a client that does not answer any more is gone, and one that is slow once is not', async () => {
  const delays = [0, 40, 0, 1000, 1000];
  const slow = unary(CHECK_HEALTH, async () => {
    await sleep(delays.shift() ?? 0);
    return { status: 1 };
  });
  const peer = cleanup.use(await openTestPeer(new Map([[CHECK_HEALTH.path, slow]])));
  using grpc = openGrpcClient(peer.socket);
  await watchHealth(grpc, { intervalMs: 1, timeoutMs: 20, failures: 2 });
  expect(grpc.signal.aborted).toBe(true);
  expect(delays).toEqual([]);
});

test('bytes that are no HTTP/2, or a broken one, end the session and nothing else', async () => {
  const settings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
  const frames = [0, 1, 3, 4, 5, 6, 7, 8, 9, 77].map((type) => Buffer.from([0, 0, 4, type, 0, 0, 0, 0, 1, 1, 2, 3, 4]));
  const garbage = [Buffer.from('HTTP/1.1 200 OK\r\n\r\n'), Buffer.alloc(100, 0xff), ...frames];
  for (const [index, bytes] of garbage.entries())
    for (const start of [Buffer.alloc(0), settings]) {
      const [near, far] = duplexPair();
      far.on('error', () => {});
      far.resume();
      const added = sessions.add(near, headers(`garbage ${index} ${start.length}`, [GET_SECRET.path]));
      const asked = added.secrets.get('x').catch((error: unknown) => error);
      far.write(Buffer.concat([start, bytes]));
      await new Promise(setImmediate);
      far.end();
      expect(await asked).toBeInstanceOf(UnavailableError);
    }
});

test('a session ends with its connection', async () => {
  const peer = cleanup.use(await openTestPeer(new Map()));
  const added = sessions.add(peer.socket, headers('one', []));
  const ended = once(added.signal, 'abort');
  peer.socket.destroy();
  await ended;
  await expect(sessions.get('one', 0)).rejects.toThrow(NotFoundError);
});
