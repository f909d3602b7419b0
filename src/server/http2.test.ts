import { once } from 'node:events';
import { mkdtempDisposable } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { NotFoundError } from '#lib/errors.ts';
import { callUnary } from '#lib/grpc/call-unary.ts';
import { openGrpcClient } from '#lib/grpc/client.ts';
import { unary } from '#lib/grpc/method.ts';
import { createGrpcServer } from '#lib/grpc/server.ts';
import { silentLog } from '#lib/log.ts';
import { string } from '#lib/protobuf/field.ts';
import { message } from '#lib/protobuf/message.ts';
import type { Buildkit } from './buildkit/open-buildkit.ts';
import { parseAddress } from './listen.ts';
import { buildkitRoutes } from './routes/buildkit.ts';
import { createApiServer } from './serve.ts';

const WORD = message({ text: string(1) });
const ECHO = { path: '/t.S/Echo', request: WORD, answer: WORD };

interface TestServer extends AsyncDisposable {
  socket: string;
  /** Ids of those that were handed over. */
  sessions: string[];
  /** Connections of HTTP/2 that are open. */
  open(): number;
}

async function startServer(): Promise<TestServer> {
  const folder = await mkdtempDisposable(join(tmpdir(), 'http2-'));
  const socket = join(folder.path, 's.sock');
  const grpc = createGrpcServer({
    services: new Map([[ECHO.path, unary(ECHO, async (word) => word)]]),
    log: silentLog,
  });
  const sessions: string[] = [];
  let open = 0;
  const buildkit: Buildkit = {
    async serve(connection) {
      open += 1;
      await grpc.serve(connection);
      open -= 1;
    },
    addSession(connection, headers) {
      sessions.push(String(headers['x-docker-expose-session-uuid']));
      void grpc.serve(connection);
    },
    session: async (id) => Promise.reject(new NotFoundError(id)),
    close: async () => grpc.close(),
  };
  const server = createApiServer({
    routes: [...buildkitRoutes({ buildkit }), ['GET', '/plain', async (call) => call.send(200, 'plain')]],
    serveHttp2: (connection) => buildkit.serve(connection),
    tls: undefined,
    groupId: undefined,
    log: silentLog,
  });
  await server.listen(parseAddress(socket));
  return {
    socket,
    sessions,
    open: () => open,
    async [Symbol.asyncDispose]() {
      await server.close();
      await folder.remove();
    },
  };
}

/** The head of the answer; what came behind it stays in the socket. */
async function exchange(socket: Socket, text: string): Promise<string> {
  socket.write(text);
  let seen = Buffer.alloc(0);
  while (!seen.includes('\r\n\r\n')) {
    await once(socket, 'readable');
    seen = Buffer.concat([seen, (socket.read() as Buffer | null) ?? Buffer.alloc(0)]);
  }
  const end = seen.indexOf('\r\n\r\n') + 4;
  if (end < seen.length) socket.unshift(seen.subarray(end));
  socket.removeAllListeners('readable');
  return seen.subarray(0, end).toString();
}

const upgrade = (path: string, more = ''): string =>
  `POST ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n${more}\r\n`;

test('HTTP/2 from the first byte, and after an upgrade, are the same calls', async () => {
  await using server = await startServer();
  using direct = openGrpcClient(connect(server.socket));
  expect(await callUnary(direct, ECHO, { value: { text: 'direct' } })).toEqual({ text: 'direct' });
  for (const path of ['/grpc', '/v1.50/grpc']) {
    const socket = connect(server.socket);
    expect(await exchange(socket, upgrade(path))).toMatch(/^HTTP\/1\.1 101 [\s\S]*Upgrade: h2c\r\n\r\n$/);
    using upgraded = openGrpcClient(socket);
    const large = 'x'.repeat(3_000_000);
    expect(await callUnary(upgraded, ECHO, { value: { text: large } })).toEqual({ text: large });
  }
});

test('a session is handed over with its headers', async () => {
  await using server = await startServer();
  const socket = connect(server.socket);
  await exchange(socket, upgrade('/session', 'X-Docker-Expose-Session-Uuid: one\r\n'));
  using client = openGrpcClient(socket);
  expect(await callUnary(client, ECHO, { value: { text: 'a' } })).toEqual({ text: 'a' });
  expect(server.sessions).toEqual(['one']);
  const nameless = connect(server.socket);
  expect(await exchange(nameless, upgrade('/session'))).toMatch(/^HTTP\/1\.1 400 /);
  nameless.destroy();
});

test('a connection that began with HTTP/1 stays with it', async () => {
  await using server = await startServer();
  const socket = connect(server.socket);
  expect(await exchange(socket, 'GET /plain HTTP/1.1\r\nHost: x\r\n\r\n')).toContain('200');
  expect(await exchange(socket, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')).toContain('HTTP/1.1 400 ');
  const other = connect(server.socket);
  expect(await exchange(other, 'PRY * HTTP/2.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
  const bare = connect(server.socket);
  expect(await exchange(bare, 'POST /grpc HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n')).toMatch(
    /^HTTP\/1\.1 400 /,
  );
  for (const left of [socket, other, bare]) left.destroy();
});

test('a client that goes without a word is forgotten, whatever it had sent', async () => {
  await using server = await startServer();
  const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
  const settings = Buffer.from('000000040000000000', 'hex').toString('latin1');
  const words = [
    preface,
    `${preface}${settings}`,
    upgrade('/grpc'),
    `${upgrade('/grpc')}${preface}`,
    `${upgrade('/grpc')}more`,
    `${preface}nonsense that is no frame at all`,
  ];
  for (const text of words) {
    const socket = connect(server.socket);
    socket.on('error', () => {});
    socket.write(text, 'latin1');
    await once(socket, 'readable');
    socket.destroy();
  }
  await expect.poll(() => server.open(), { timeout: 2000 }).toBe(0);
});
