import { once } from 'node:events';
import { mkdtempDisposable } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { ConflictError, InternalError, NotModifiedError } from '#lib/errors.ts';
import { silentLog } from '#lib/log.ts';
import { parseAddress } from './listen.ts';
import type { Route } from './route.ts';
import { createApiServer } from './serve.ts';

async function startServer(routes: readonly Route[]): Promise<AsyncDisposable & { socket: string }> {
  const folder = await mkdtempDisposable(join(tmpdir(), 'server-'));
  const socket = join(folder.path, 's.sock');
  const server = createApiServer({ routes, tls: undefined, groupId: undefined, log: silentLog });
  await server.listen(parseAddress(socket));
  return {
    socket,
    async [Symbol.asyncDispose]() {
      await server.close();
      await folder.remove();
    },
  };
}

async function ask(
  socketPath: string,
  path: string,
  { method = 'GET', body, headers = {} }: { method?: string; body?: string; headers?: Record<string, string> } = {},
): Promise<{ status: number; headers: Record<string, unknown>; text: string }> {
  const request = httpRequest({ socketPath, path, method, headers });
  request.on('error', () => {}); // one that comes after the answer is nobody's
  request.end(body);
  const [response] = (await once(request, 'response')) as [import('node:http').IncomingMessage];
  const text = Buffer.concat(await Array.fromAsync(response as AsyncIterable<Buffer>)).toString();
  return { status: response.statusCode ?? 0, headers: response.headers, text };
}

async function readUntil(socket: Socket, text: string): Promise<string> {
  let seen = '';
  while (!seen.includes(text)) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    seen += chunk.toString();
  }
  return seen;
}

const echoBody: Route = ['POST', '/echo', async (call) => call.send(200, await call.json())];

test('a version beyond what is spoken, or before, is refused in the words clients know', async () => {
  await using server = await startServer([['GET', '/info', async (call) => call.send(200, call.version)]]);
  expect(await ask(server.socket, '/v9.9/info')).toMatchObject({
    status: 400,
    text: '{"message":"client version 9.9 is too new. Maximum supported API version is 1.51"}\n',
    headers: { 'api-version': '1.51', ostype: 'linux', 'docker-experimental': 'false' },
  });
  expect((await ask(server.socket, '/v1.2/info')).text).toContain(
    'client version 1.2 is too old. Minimum supported API version is 1.24, please upgrade your client to a newer version',
  );
  expect((await ask(server.socket, '/v1.41/info')).text).toBe('141\n');
  expect((await ask(server.socket, '/info')).text).toBe('151\n');
});

test('an unknown path, method or version text is a page not found without version headers', async () => {
  await using server = await startServer([['GET', '/info', async (call) => call.send(200, {})]]);
  for (const [path, method] of [
    ['/nope', 'GET'],
    ['/info', 'PUT'],
    ['/vx/info', 'GET'],
    ['/v1..4/info', 'GET'],
  ] as const) {
    const answer = await ask(server.socket, path, { method });
    expect(answer).toMatchObject({ status: 404, text: '{"message":"page not found"}\n' });
    expect(answer.headers).not.toHaveProperty('api-version');
  }
});

test('bodies are read as a Go server reads them', async () => {
  await using server = await startServer([echoBody]);
  const post = async (body: string, type = 'application/json'): Promise<string> =>
    (await ask(server.socket, '/echo', { method: 'POST', body, headers: { 'Content-Type': type } })).text;
  expect(JSON.parse(await post('{"image":"x","hostconfig":{"MEMORY":5},"Labels":{"image":"kept"},"Odd":1}'))).toEqual({
    Image: 'x',
    HostConfig: { Memory: 5 },
    Labels: { image: 'kept' },
    Odd: 1,
  });
  expect(await post('')).toContain('invalid JSON: got EOF while reading request body');
  expect(await post('{}{}')).toContain('unexpected content after JSON');
  expect(await post('{')).toContain('invalid JSON: ');
  expect(await post('{}', 'text/plain')).toContain("must be 'application/json'");
});

test('a body beyond the limit is refused without being collected', async () => {
  await using server = await startServer([echoBody]);
  const declared = await ask(server.socket, '/echo', { method: 'POST', body: `"${'x'.repeat(5 << 20)}"` }).catch(
    (error: NodeJS.ErrnoException) => error,
  );
  // The server closes while the client still writes; some clients see that before the answer.
  if (declared instanceof Error) expect(['EPIPE', 'ECONNRESET']).toContain(declared.code);
  else expect(declared.status).toBe(413);
});

test('errors tell their kind by status, and carry reason and advice', async () => {
  await using server = await startServer([
    ['GET', '/taken', async () => Promise.reject(new ConflictError('taken', { why: 'reason', hint: 'advice' }))],
    ['GET', '/same', async () => Promise.reject(new NotModifiedError('same'))],
    ['GET', '/defect', async () => Promise.reject(new TypeError('oops'))],
    ['GET', '/silent', async () => {}],
  ]);
  expect(await ask(server.socket, '/taken')).toMatchObject({
    status: 409,
    text: '{"message":"taken","why":"reason","hint":"advice"}\n',
  });
  expect(await ask(server.socket, '/same')).toMatchObject({ status: 304, text: '' });
  expect(await ask(server.socket, '/defect')).toMatchObject({ status: 500, text: '{"message":"oops"}\n' });
  expect(await ask(server.socket, '/silent')).toMatchObject({ status: 500 });
});

test('a stream of JSON lines that fails ends with the error as its last line', async () => {
  await using server = await startServer([
    [
      'POST',
      '/lines',
      async (call) => {
        const lines = call.jsonLines();
        await lines.write({ status: 'one' });
        throw new InternalError('broke');
      },
    ],
  ]);
  const { status, text } = await ask(server.socket, '/lines', { method: 'POST' });
  expect(status).toBe(200);
  expect(text).toBe('{"status":"one"}\r\n{"errorDetail":{"message":"broke"},"error":"broke"}\r\n');
});

const hijackEcho: Route = [
  'POST',
  '/attach',
  async (call) => {
    const body = call.request.headers['content-length'] === undefined ? undefined : await call.json();
    const stream = call.hijack('application/vnd.docker.raw-stream');
    stream.write(`body=${JSON.stringify(body)}\n`);
    for await (const chunk of stream) stream.write(`echo:${String(chunk)}`);
    stream.end('half-closed\n');
  },
];

test('a hijacked connection carries raw bytes both ways, with upgrade and body, over a connection used before', async () => {
  await using server = await startServer([hijackEcho, ['GET', '/info', async (call) => call.send(200, {})]]);
  const socket = connect({ path: server.socket, allowHalfOpen: true });
  socket.write('GET /info HTTP/1.1\r\nHost: docker\r\n\r\n');
  await readUntil(socket, '{}\n');
  socket.write(
    'POST /v1.41/attach HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n{"Tty":true}',
  );
  const head = await readUntil(socket, 'body=');
  expect(head).toContain('HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\n');
  expect(head).toContain('Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n');
  expect(head).toContain('body={"Tty":true}\n');
  socket.write('GET / HTTP/1.1\r\n\r\n');
  await readUntil(socket, 'echo:GET / HTTP/1.1\r\n\r\n');
  socket.end();
  expect(await readUntil(socket, 'half-closed')).toContain('half-closed');
});

test('without upgrade the connection itself is the stream', async () => {
  await using server = await startServer([hijackEcho]);
  const socket = connect({ path: server.socket, allowHalfOpen: true });
  socket.write('POST /attach HTTP/1.1\r\nHost: docker\r\n\r\n');
  const head = await readUntil(socket, 'body=');
  expect(head).toMatch(/^HTTP\/1\.1 200 OK\r\nContent-Type: application\/vnd\.docker\.raw-stream\r\n\r\n/);
  socket.write('x');
  await readUntil(socket, 'echo:x');
  socket.end();
  await readUntil(socket, 'half-closed');
});

test('the signal tells that a client has left', async () => {
  const left: string[] = [];
  const waitForEnd: Route[1] = '/wait';
  await using server = await startServer([
    [
      'GET',
      waitForEnd,
      async ({ signal, response }) => {
        response.flushHeaders();
        await once(signal, 'abort');
        left.push('plain');
      },
    ],
    [
      'POST',
      '/attach',
      async (call) => {
        const stream = call.hijack('x/y').resume();
        while (!call.signal.aborted) {
          stream.write('output');
          await sleep(5);
        }
        left.push('hijacked');
      },
    ],
    [
      'POST',
      '/quiet',
      async (call) => {
        call.hijack('x/y');
        await once(call.signal, 'abort');
        left.push('quiet');
      },
    ],
  ]);
  for (const line of ['GET /wait', 'POST /attach', 'POST /quiet']) {
    const socket = connect(server.socket);
    socket.write(`${line} HTTP/1.1\r\nHost: docker\r\n\r\n`);
    await readUntil(socket, '200 OK');
    socket.destroy();
    await sleep(50);
  }
  await expect.poll(() => left, { timeout: 5000 }).toEqual(['plain', 'hijacked', 'quiet']);
});

test('what a web page sends is refused, what clients send is not', async () => {
  await using server = await startServer([['GET', '/info', async (call) => call.send(200, {})]]);
  const status = async (headers: Record<string, string>): Promise<number> =>
    (await ask(server.socket, '/info', { headers })).status;
  for (const Host of ['api.moby.localhost', 'localhost', 'docker', '%2Fvar%2Frun%2Fdocker.sock', '127.0.0.1:2375', 'd'])
    expect([Host, await status({ Host })]).toEqual([Host, 200]);
  expect(await status({ Host: 'evil.example.com' })).toBe(403);
  expect(await status({ Host: 'localhost', Origin: 'http://evil.example.com' })).toBe(403);
  expect(await status({ Host: 'localhost:1', Origin: 'http://localhost:1' })).toBe(200);
  expect(await status({ Host: 'localhost', 'Sec-Fetch-Site': 'cross-site' })).toBe(403);
});

test('closing lets a request under way finish, and ends streams after they have cleaned up', async () => {
  let cleaned = false;
  const server = await startServer([
    [
      'GET',
      '/slow',
      async (call) => {
        await sleep(200);
        call.send(200, 'done');
      },
    ],
    [
      'GET',
      '/stream',
      async ({ response, signal }) => {
        response.flushHeaders();
        await once(signal, 'abort');
        await sleep(100);
        cleaned = true;
      },
    ],
  ]);
  const slow = ask(server.socket, '/slow');
  const stream = ask(server.socket, '/stream').catch(() => 'cut');
  await sleep(50);
  await server[Symbol.asyncDispose]();
  expect((await slow).text).toBe('"done"\n');
  expect(await stream).toBe('cut');
  expect(cleaned).toBe(true);
});
