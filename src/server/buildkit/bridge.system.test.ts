import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { NO_XATTRS } from '#engine/builder/contexts/context-entry.ts';
import { NotFoundError } from '#lib/errors.ts';
import { callUnary } from '#lib/grpc/call-unary.ts';
import { type GrpcClient, openGrpcClient } from '#lib/grpc/client.ts';
import { createGrpcServer } from '#lib/grpc/server.ts';
import { silentLog } from '#lib/log.ts';
import { decodeMessage } from '#lib/protobuf/decode.ts';
import { encodeMessage } from '#lib/protobuf/encode.ts';
import type { Message, MessageOf, Partly } from '#lib/protobuf/message.ts';
import { type BuildRig, openBuildRig } from '../../../test/support/build-rig.ts';
import { definitionOf } from './definition.ts';
import { EMPTY } from './messages/common.ts';
import * as control from './messages/control.ts';
import * as gateway from './messages/gateway.ts';
import { sendingMethod } from './session/test-peer.ts';

const CONTROL = '/moby.buildkit.v1.Control/';
const BRIDGE = '/moby.buildkit.v1.frontend.LLBBridge/';

let rig: BuildRig;
let client: GrpcClient;

beforeAll(async () => {
  rig = await openBuildRig();
  client = openGrpcClient(connect(rig.engine.socket));
});
afterAll(async () => {
  client[Symbol.dispose]();
  await rig[Symbol.asyncDispose]();
});

/** A session on which a client of this test offers files. */
async function openSession(id: string, files: Readonly<Record<string, string>>): Promise<Disposable> {
  const entry = {
    kind: 'file',
    mode: 0o644,
    uid: 0,
    gid: 0,
    mtimeNs: 1n,
    target: '',
    major: 0,
    minor: 0,
    xattrs: NO_XATTRS,
  } as const;
  const offered = Object.entries(files).map(([path, text]) => ({
    entry: { ...entry, path, size: text.length },
    bytes: Buffer.from(text),
  }));
  const sync = '/moby.filesync.v1.FileSync/DiffCopy';
  const server = createGrpcServer({ services: new Map([[sync, sendingMethod(() => offered).method]]), log: silentLog });
  const socket = connect(rig.engine.socket);
  const headers = `X-Docker-Expose-Session-Uuid: ${id}\r\nX-Docker-Expose-Session-Grpc-Method: ${sync}\r\n`;
  socket.write(`POST /session HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n${headers}\r\n`);
  await once(socket, 'readable');
  const answer = socket.read() as Buffer;
  const end = answer.indexOf('\r\n\r\n') + 4;
  expect(answer.subarray(0, end).toString()).toContain('101');
  if (end < answer.length) socket.unshift(answer.subarray(end));
  void server.serve(socket);
  return { [Symbol.dispose]: () => server.close() };
}

type Order = Partly<MessageOf<typeof control.SOLVE_REQUEST>>;

async function order(value: Order): Promise<ReadonlyMap<string, string>> {
  const method = { path: `${CONTROL}Solve`, request: control.SOLVE_REQUEST, answer: control.SOLVE_RESPONSE };
  return (await callUnary(client, method, { value })).exporterResponse;
}

/** A call about one build. */
async function about<Q extends object, A extends object>(
  ref: string,
  name: string,
  types: { request: Message<Q>; answer: Message<A>; value: Partly<Q> },
): Promise<A> {
  const metadata = new Map([['buildkit-controlapi-buildid', [ref]]]);
  return callUnary(client, { path: `${BRIDGE}${name}`, ...types }, { value: types.value, metadata });
}

const solving = { request: gateway.GATEWAY_SOLVE_REQUEST, answer: gateway.GATEWAY_SOLVE_RESPONSE };
const returning = { request: gateway.RETURN_REQUEST, answer: EMPTY };

async function status(ref: string): Promise<control.StatusResponse[]> {
  using call = client.call(`${CONTROL}Status`);
  void call.send(encodeMessage(control.STATUS_REQUEST, { ref }));
  call.end();
  const told: control.StatusResponse[] = [];
  for await (const message of call.messages) told.push(decodeMessage(control.STATUS_RESPONSE, message));
  return told;
}

const DOCKERFILE =
  'FROM busybox\nWORKDIR /made\nRUN echo built > here && ln -s here link && chmod 4755 here\nCOPY a /made/a\n';

test('a client steers a build: what it asks for is there until it returns, and then delivered', async () => {
  using _ = await openSession('s1', { Dockerfile: DOCKERFILE, a: 'copied' });
  const following = status('r1');
  const exporters = [{ type: 'moby', attributes: new Map([['name', 'steered']]) }];
  const answered = order({ ref: 'r1', session: 's1', exporters });
  const pong = await about('r1', 'Ping', { request: EMPTY, answer: gateway.PONG, value: {} });
  expect(pong.frontendCapabilities.map(({ id }) => id)).toContain('readfile');
  expect(pong.frontendCapabilities.map(({ id }) => id)).not.toContain('gateway.exec');
  expect(pong.workers[0]?.platforms[0]?.os).toBe('linux');
  const { result } = await about('r1', 'Solve', { ...solving, value: { frontend: 'dockerfile.v0', evaluate: true } });
  const ref = result?.ref?.id ?? '';
  await about('r1', 'Evaluate', { request: gateway.REF_REQUEST, answer: EMPTY, value: { ref } });

  const read = async (path: string, range?: { offset: number; length: number }): Promise<string> => {
    const value = { ref, path, ...(range !== undefined && { range }) };
    const types = { request: gateway.READ_FILE_REQUEST, answer: gateway.READ_FILE_RESPONSE };
    return Buffer.from((await about('r1', 'ReadFile', { ...types, value })).data).toString();
  };
  expect(await read('/made/here')).toBe('built\n');
  expect(await read('made/link', { offset: 1, length: 3 })).toBe('uil');
  await expect(read('/made/nope')).rejects.toThrow(/not found|no such file/i);
  await expect(read('../../../../etc/hostname/x')).rejects.toThrow();
  const listing = { request: gateway.READ_DIR_REQUEST, answer: gateway.READ_DIR_RESPONSE };
  const { entries } = await about('r1', 'ReadDir', { ...listing, value: { ref, path: '/made' } });
  expect(entries.map(({ path, linkname }) => [path, linkname])).toEqual([
    ['a', ''],
    ['here', ''],
    ['link', 'here'],
  ]);
  const stating = { request: gateway.STAT_FILE_REQUEST, answer: gateway.STAT_FILE_RESPONSE };
  const { stat } = await about('r1', 'StatFile', { ...stating, value: { ref, path: '/made/here' } });
  expect(stat).toMatchObject({ path: 'here', size: 6, mode: 0o755 + 2 ** 23 });
  const resolving = { request: gateway.RESOLVE_IMAGE_REQUEST, answer: gateway.RESOLVE_IMAGE_RESPONSE };
  const resolved = await about('r1', 'ResolveImageConfig', { ...resolving, value: { ref: 'busybox' } });
  expect([resolved.digest, JSON.parse(Buffer.from(resolved.config).toString())]).toMatchObject([
    expect.stringMatching(/^sha256:/),
    { os: 'linux' },
  ]);
  const again = await about('r1', 'Solve', {
    ...solving,
    value: { definition: definitionOf(ref, { os: 'linux', architecture: 'amd64' }) },
  });
  expect(again.result?.ref?.id).toBe(ref);
  const warning = { digest: 'sha256:0', level: 1, short: Buffer.from('by the way') };
  await about('r1', 'Warn', { request: gateway.WARN_REQUEST, answer: EMPTY, value: warning });

  await about('r1', 'Return', { ...returning, value: { result: { ref: { id: ref } } } });
  const response = await answered;
  expect(response.get('image.name')).toBe('docker.io/library/steered:latest');
  expect((await rig.inspect('steered')).Id).toBe(response.get('containerimage.config.digest'));
  const told = await following;
  expect(told.flatMap(({ warnings }) => warnings.map(({ short }) => String(short)))).toContain('by the way');
  expect(told.flatMap(({ vertexes }) => vertexes.map(({ name }) => name))).toContain('exporting to image');
  expect(await status('r1')).not.toHaveLength(0);
  await expect(read('/made/here')).rejects.toThrow('no such job r1');
});

test('a build that nobody steers is ordered at once, of several platforms', async () => {
  using _ = await openSession('s2', { Dockerfile: 'FROM scratch\nCOPY a /a\n', a: 'x' });
  const response = await order({
    ref: 'r2',
    session: 's2',
    frontend: 'dockerfile.v0',
    frontendAttributes: new Map([['platform', 'linux/amd64,linux/arm64']]),
    exporters: [{ type: 'image', attributes: new Map([['name', 'both']]) }],
  });
  expect(response.get('containerimage.digest')).toMatch(/^sha256:/);
});

test('what goes wrong is told as it is', async () => {
  await expect(order({ ref: '' })).rejects.toThrow('no ref');
  await expect(order({ ref: 'r3', frontend: 'dockerfile.v0' })).rejects.toThrow('no session');
  await expect(
    order({ ref: 'r3', frontend: 'gateway.v0', frontendAttributes: new Map([['source', 'a/b']]) }),
  ).rejects.toThrow('a/b');
  await expect(order({ ref: 'r3', definition: { def: [Buffer.from([10, 0])] } })).rejects.toThrow('raw LLB');
  await expect(order({ ref: 'r3', sourcePolicy: { version: 1 } })).rejects.toThrow('source policies');
  await expect(status('nobody')).rejects.toBeInstanceOf(NotFoundError);
  const answered = expect(order({ ref: 'r4' })).rejects.toThrow('the client says no');
  const error = { code: 2, message: 'the client says no', details: [] };
  await about('r4', 'Return', { ...returning, value: { error } });
  await answered;
  await expect(about('r4', 'Ping', { request: EMPTY, answer: gateway.PONG, value: {} })).rejects.toThrow('no such job');
  const probe = order({ ref: 'r5', internal: true });
  await about('r5', 'Return', { ...returning, value: { result: {} } });
  expect((await probe).size).toBe(0);
  expect(await status('r5')).toEqual([]);
});
