import { once } from 'node:events';
import { type ClientHttp2Session, connect } from 'node:http2';
import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { NotFoundError } from '#lib/errors.ts';
import { silentLog } from '#lib/log.ts';
import { decodeMessage } from '#lib/protobuf/decode.ts';
import { encodeMessage } from '#lib/protobuf/encode.ts';
import { int32, string } from '#lib/protobuf/field.ts';
import { message } from '#lib/protobuf/message.ts';
import { frameMessage, readFrames } from './framing.ts';
import { bothWays, serverStream, unary } from './method.ts';
import { createGrpcServer } from './server.ts';
import { CODES, type GrpcStatus, readStatus } from './status.ts';

const WORD = message({ text: string(1), count: int32(2) });
const types = { request: WORD, answer: WORD };
const cancelled: string[] = [];

const services = new Map([
  ['/t.S/Echo', unary(types, async ({ text }, { metadata }) => ({ text: `${text}${metadata.get('more') ?? ''}` }))],
  [
    '/t.S/Fail',
    unary(types, async () => {
      throw new NotFoundError('no such thing');
    }),
  ],
  [
    '/t.S/Count',
    serverStream(types, async function* ({ count }) {
      for (let number = 0; number < count; number++) yield { count: number, text: 'x'.repeat(1000) };
    }),
  ],
  [
    '/t.S/Wait',
    serverStream(types, async function* ({ text }, { signal }) {
      yield { text: 'waiting' };
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      cancelled.push(text);
      signal.throwIfAborted();
    }),
  ],
  [
    '/t.S/Both',
    bothWays(types, async function* (requests) {
      for await (const { text } of requests) yield { text: text.toUpperCase() };
    }),
  ],
]);

let listener: Server;
let session: ClientHttp2Session;

beforeAll(async () => {
  const server = createGrpcServer({ services, log: silentLog });
  listener = createServer((socket: Socket) => void server.serve(socket)).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  session = connect(`http://127.0.0.1:${(listener.address() as AddressInfo).port}`);
});
afterAll(async () => {
  session.destroy();
  listener.close();
});

interface Answer {
  words: { text: string; count: number }[];
  status: GrpcStatus | undefined;
  httpStatus: number;
}

async function call(
  path: string,
  requests: readonly Uint8Array[],
  headers: Record<string, string> = {},
): Promise<Answer> {
  const stream = session.request({
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...headers,
  });
  let trailers: Record<string, unknown> = {};
  stream.on('trailers', (found: Record<string, unknown>) => (trailers = found));
  for (const request of requests) stream.write(request);
  stream.end();
  const [response] = (await once(stream, 'response')) as [Record<string, unknown>];
  const words: Answer['words'] = [];
  for await (const frame of readFrames(stream, { encoding: undefined })) words.push(decodeMessage(WORD, frame));
  return { words, status: readStatus(trailers), httpStatus: Number(response[':status']) };
}

const word = (text: string, count = 0): Uint8Array => frameMessage(encodeMessage(WORD, { text, count }));

test('one request has one answer; metadata comes with it', async () => {
  const { words, status } = await call('/t.S/Echo', [word('a')], { more: 'b' });
  expect(words).toEqual([{ text: 'ab', count: 0 }]);
  expect(status?.code).toBe(CODES.ok);
});

test('an error is the status of its kind', async () => {
  const { words, status } = await call('/t.S/Fail', [word('a')]);
  expect([words, status?.code, status?.message]).toEqual([[], CODES.notFound, 'no such thing']);
});

test('an unknown method, a broken message and a missing one have their status', async () => {
  expect((await call('/t.S/Nope', [word('a')])).status?.code).toBe(CODES.unimplemented);
  expect((await call('/t.S/Echo', [frameMessage(Buffer.from([0xff]))])).status?.code).toBe(CODES.invalidArgument);
  expect((await call('/t.S/Echo', [])).status?.code).toBe(CODES.invalidArgument);
  expect((await call('/t.S/Echo', [word('a')], { 'grpc-timeout': 'soon' })).status?.code).toBe(CODES.invalidArgument);
});

test('a stream of answers waits for its reader', async () => {
  const { words, status } = await call('/t.S/Count', [word('', 3000)]);
  expect(words.map(({ count }) => count)).toEqual(Array.from({ length: 3000 }, (_, number) => number));
  expect(status?.code).toBe(CODES.ok);
});

test('messages go both ways', async () => {
  const { words } = await call(
    '/t.S/Both',
    ['a', 'b', 'c'].map((text) => word(text)),
  );
  expect(words.map(({ text }) => text)).toEqual(['A', 'B', 'C']);
});

test('a deadline ends a call', async () => {
  const { words, status } = await call('/t.S/Wait', [word('deadline')], { 'grpc-timeout': '30m' });
  expect(words).toHaveLength(1);
  expect(status?.code).toBe(CODES.deadlineExceeded);
  expect(cancelled).toContain('deadline');
});

test('a caller that leaves cancels its call', async () => {
  const stream = session.request({ ':method': 'POST', ':path': '/t.S/Wait', 'content-type': 'application/grpc' });
  stream.on('error', () => {});
  stream.end(word('left'));
  await once(stream, 'data');
  stream.close(8);
  await expect.poll(() => cancelled).toContain('left');
});

test('what is no gRPC is refused', async () => {
  expect((await call('/t.S/Echo', [], { 'content-type': 'text/plain' })).httpStatus).toBe(415);
});
