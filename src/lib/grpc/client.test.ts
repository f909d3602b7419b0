import { duplexPair } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { NotFoundError, NotImplementedError, UnavailableError } from '#lib/errors.ts';
import { silentLog } from '#lib/log.ts';
import { bytes, string } from '#lib/protobuf/field.ts';
import { message } from '#lib/protobuf/message.ts';
import { callUnary } from './call-unary.ts';
import { type GrpcClient, openGrpcClient } from './client.ts';
import { bothWays, type Method, serverStream, unary } from './method.ts';
import { createGrpcServer } from './server.ts';

const TEXT = message({ text: string(1) });
const BYTES = message({ data: bytes(1) });
const ECHO = { path: '/test.Service/Echo', request: TEXT, answer: TEXT };
let cleanup: DisposableStack;

beforeEach(() => {
  cleanup = new DisposableStack();
});
afterEach(() => cleanup.dispose());

function connected(methods: Record<string, Method>): GrpcClient {
  const [near, far] = duplexPair();
  const server = createGrpcServer({ services: new Map(Object.entries(methods)), log: silentLog });
  void server.serve(far);
  cleanup.defer(() => server.close());
  return cleanup.use(openGrpcClient(near));
}

test('a call has its answer, its metadata, and the error that its status means', async () => {
  const echo = unary(ECHO, async ({ text }, { metadata }) => {
    if (text === 'missing') throw new NotFoundError('there is no m\u00fcll');
    return { text: `${metadata.get('greeting')} ${text}` };
  });
  const client = connected({ [ECHO.path]: echo });
  const metadata = new Map([['greeting', ['hello']]]);
  expect(await callUnary(client, ECHO, { value: { text: 'world' }, metadata })).toEqual({ text: 'hello world' });
  const missing = callUnary(client, ECHO, { value: { text: 'missing' } });
  await expect(missing).rejects.toThrow(NotFoundError);
  await expect(missing).rejects.toThrow('there is no m\u00fcll');
  await expect(callUnary(client, { ...ECHO, path: '/test.Service/Other' }, { value: {} })).rejects.toThrow(
    NotImplementedError,
  );
});

test('a call that takes too long ends', async () => {
  const never = unary(ECHO, async (_, { signal }) => {
    await sleep(5000, undefined, { signal });
    return {};
  });
  const client = connected({ [ECHO.path]: never });
  const error = await callUnary(client, ECHO, { value: {}, timeoutMs: 20 }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(Error);
  expect(client.signal.aborted).toBe(false);
});

test('a peer that sends faster than it is read waits', async () => {
  let sent = 0;
  const piece = Buffer.alloc(256 * 1024);
  const flood = serverStream({ request: BYTES, answer: BYTES }, async function* () {
    for (;;) {
      yield { data: piece };
      sent += piece.length;
    }
  });
  const client = connected({ '/test.Service/Flood': flood, [ECHO.path]: unary(ECHO, async (request) => request) });
  using call = client.call('/test.Service/Flood');
  void call.send(Buffer.alloc(0));
  call.end();
  const first = await call.messages[Symbol.asyncIterator]().next();
  expect(first.done).toBe(false);
  for (let before = -1; before !== sent;) {
    before = sent;
    await sleep(100);
  }
  expect(sent).toBeLessThan(16 * 1024 * 1024);
  // It does not hold up the others.
  expect(await callUnary(client, ECHO, { value: { text: 'through' } })).toEqual({ text: 'through' });
});

test('who sends faster than the peer reads waits', async () => {
  const { promise: reading, resolve: read } = Promise.withResolvers<void>();
  const slow = bothWays({ request: BYTES, answer: TEXT }, async function* (requests) {
    await reading;
    let length = 0;
    for await (const { data } of requests) length += data.length;
    yield { text: String(length) };
  });
  const client = connected({ '/test.Service/Slow': slow });
  using call = client.call('/test.Service/Slow');
  const piece = Buffer.concat([Buffer.from([10, 0x80, 0x80, 0x04]), Buffer.alloc(64 * 1024)]);
  let full: Promise<void> | undefined;
  let count = 0;
  while (full === undefined) {
    full = call.send(piece);
    count += 1;
  }
  expect(count).toBeLessThan(100);
  read();
  await full;
  call.end();
  const answers = await Array.fromAsync(call.messages);
  expect(answers[0]?.toString()).toContain(String(count * 64 * 1024));
});

test('a connection that breaks ends its calls, and says so to those that come', async () => {
  const never = unary(ECHO, async () => new Promise<never>(() => {}));
  const client = connected({ [ECHO.path]: never });
  const waiting = callUnary(client, ECHO, { value: {} });
  await sleep(20);
  cleanup.dispose();
  await expect(waiting).rejects.toThrow(UnavailableError);
  expect(client.signal.aborted).toBe(true);
  await expect(callUnary(client, ECHO, { value: {} })).rejects.toThrow('the connection to the client ended');
  cleanup = new DisposableStack();
});

test('what is no HTTP/2 ends the connection', async () => {
  const [near, far] = duplexPair();
  using client = openGrpcClient(near);
  far.resume();
  far.write('HTTP/1.1 400 Bad Request\r\n\r\n');
  await expect(callUnary(client, ECHO, { value: {} })).rejects.toThrow(UnavailableError);
});
