import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type KeptContexts, openKeptContexts } from '#engine/builder/contexts/kept-contexts.ts';
import { testEntry } from '#engine/builder/contexts/test-entries.ts';
import { createReport } from '#engine/builder/progress/report.ts';
import type { ContextAsk } from '#engine/builder/sources/context-source.ts';
import type { Method } from '#lib/grpc/method.ts';
import { type GrpcClient, openGrpcClient } from '#lib/grpc/client.ts';
import { silentLog } from '#lib/log.ts';
import { sha256 } from '#lib/sha256.ts';
import type { Packet } from './packet.ts';
import { sessionContext } from './session-context.ts';
import type { SessionClient } from './session-client.ts';
import { openTestPeer, type PeerFile, scriptedMethod, sendingMethod, type TestPeer } from './test-peer.ts';

const DIFF_COPY = '/moby.filesync.v1.FileSync/DiffCopy';
let folder: string;
let contexts: KeptContexts;
let cleanup: AsyncDisposableStack;

beforeEach(() => {
  cleanup = new AsyncDisposableStack();
  folder = mkdtempSync(join(tmpdir(), 'berth-session-'));
  cleanup.defer(() => rmSync(folder, { recursive: true, force: true }));
  contexts = openKeptContexts(folder, { log: silentLog });
  cleanup.defer(() => contexts.close());
});
afterEach(() => cleanup.disposeAsync());

async function connected(method: Method): Promise<SessionClient> {
  const peer: TestPeer = cleanup.use(await openTestPeer(new Map([[DIFF_COPY, method]])));
  const grpc: GrpcClient = cleanup.use(openGrpcClient(peer.socket));
  return { id: 'one', sharedKey: 'shared', grpc, methods: new Set([DIFF_COPY.toLowerCase()]) };
}

function ask(more: Partial<ContextAsk> = {}): ContextAsk {
  const vertex = createReport('test', () => {}).start({ name: 'load' });
  const signal = new AbortController().signal;
  return { scratch: folder, only: undefined, exclude: [], vertex, signal, ...more };
}

const text = (path: string, bytes: string): PeerFile => ({
  entry: testEntry(path, { size: Buffer.byteLength(bytes) }),
  bytes: Buffer.from(bytes),
});

async function open(client: SessionClient, more: Partial<ContextAsk> = {}) {
  const source = sessionContext({ client, contexts }, 'context');
  return source.open(ask(more));
}

test('files come once, and only what changed comes again', async () => {
  let files = [text('a', 'one'), { entry: testEntry('d', { kind: 'directory' }) }, text('d/b', 'two')];
  const { method, sent } = sendingMethod(() => files);
  const client = await connected(method);
  {
    await using first = await open(client);
    expect(readFileSync(join(first.tree.root.path, 'd/b'), 'utf8')).toBe('two');
  }
  expect(sent.requested.splice(0)).toEqual(['a', 'd/b']);
  {
    await using _ = await open(client);
  }
  expect(sent.requested).toEqual([]);
  files = [text('a', 'three'), ...files.slice(1)];
  await using third = await open(client);
  expect(sent.requested).toEqual(['a']);
  expect(readFileSync(join(third.tree.root.path, 'a'), 'utf8')).toBe('three');
  expect([...third.tree.digests.keys()].toSorted()).toEqual(['a', 'd/b']);
});

test('the client is told what is wanted, in any language', async () => {
  const { method, sent } = sendingMethod(() => []);
  const client = await connected(method);
  await using _ = await open(client, { only: ['src', 'm\u00fcll'], exclude: ['*.pyc', '!kept '] });
  expect(Object.fromEntries([...sent.metadata].map(([name, values]) => [name, values.join()]))).toEqual({
    'dir-name': 'context',
    followpaths: 'src, m%C3%BCll',
    'followpaths-encoded': '1',
    'exclude-patterns': '%2A.pyc, %21kept+',
    'exclude-patterns-encoded': '1',
  });
});

test('where nothing is wanted nobody is asked', async () => {
  const client = await connected(scriptedMethod(() => [{ type: 'error', message: 'never asked' }]));
  await using opened = await open(client, { only: [] });
  expect(readdirSync(opened.tree.root.path)).toEqual([]);
});

test('what the client cannot send is told', async () => {
  const client = await connected(scriptedMethod(() => [{ type: 'error', message: 'open x: permission denied' }]));
  await expect(open(client)).rejects.toThrow('open x: permission denied');
});

const stat = (path: string, size = 0): Packet => ({ type: 'stat', entry: testEntry(path, { size }) });
const END: Packet = { type: 'stat', entry: undefined };

test.each<[string, Packet[]]>([
  ['paths out of order', [stat('b'), stat('a'), END]],
  ['a path above', [stat('../a'), END]],
  ['bytes nobody asked for', [stat('a'), { type: 'data', id: 0, bytes: Buffer.from('x') }, END]],
  ['bytes of a number that is none', [{ type: 'data', id: 77, bytes: Buffer.from('x') }]],
  ['an entry behind the last one', [stat('a', 1), END, stat('b')]],
  ['a request', [{ type: 'request', id: 0 }]],
  ['an end before the end', [{ type: 'finish' }]],
])('a client that sends %s is refused, and nothing stays', async (_, packets) => {
  const client = await connected(scriptedMethod(() => packets));
  await expect(open(client)).rejects.toThrow('the client sent a context that is refused');
  expect((await contexts.list()).filter(({ isInUse }) => isInUse)).toEqual([]);
});

async function* silence(): AsyncGenerator<Packet> {
  yield stat('a', 10);
  await new Promise(() => {});
}

test('who cancels does not wait for a client that is silent', async () => {
  const client = await connected(scriptedMethod(silence));
  const cancel = new AbortController();
  const opening = open(client, { signal: cancel.signal });
  setTimeout(() => cancel.abort(new Error('enough')), 20);
  await expect(opening).rejects.toThrow('enough');
});

test('a client that goes away ends what waits for it', async () => {
  const client = await connected(scriptedMethod(silence));
  const opening = open(client);
  setTimeout(() => client.grpc[Symbol.dispose](), 20);
  await expect(opening).rejects.toThrow('the connection to the client ended');
});

test('hundreds of files that come together come once', async () => {
  const files: PeerFile[] = [];
  for (let folderIndex = 0; folderIndex < 10; folderIndex++) {
    files.push({ entry: testEntry(`d${folderIndex}`, { kind: 'directory' }) });
    for (let index = 0; index < 60; index++)
      files.push(text(`d${folderIndex}/f${index}`, `content ${index}`.repeat(20)));
  }
  const { method, sent } = sendingMethod(() => files);
  const client = await connected(method);
  for (let round = 0; round < 2; round++) {
    await using opened = await open(client);
    expect(statSync(join(opened.tree.root.path, 'd9/f59')).size).toBe(Buffer.byteLength('content 59') * 20);
  }
  expect(sent.requested).toHaveLength(600);
});

test('a large file comes in pieces', async () => {
  const bytes = Buffer.alloc(8 * 1024 * 1024, 'large');
  const { method } = sendingMethod(() => [{ entry: testEntry('large', { size: bytes.length }), bytes }]);
  const client = await connected(method);
  await using opened = await open(client);
  expect(opened.tree.digests.get('large')).toBe(sha256(bytes).slice('sha256:'.length));
});
