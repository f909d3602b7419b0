import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '#lib/log.ts';
import { createRequestHandler } from './handle.ts';
import { isHijacked } from './hijack.ts';
import { type Address, bind, type TlsFiles } from './listen.ts';
import type { Route } from './route.ts';

/** How long requests under way may take when the server closes. */
const CLOSE_GRACE_MS = 5000;
const HEADERS_TIMEOUT_MS = 60_000;
/** Credentials for many registries come in one header. */
const HEADER_LIMIT_BYTES = 1024 * 1024;

/** Who offers both gets HTTP/1, which all of the API speaks; clients of gRPC offer nothing else than HTTP/2. */
const TLS_OPTIONS = { allowHalfOpen: true, maxHeaderSize: HEADER_LIMIT_BYTES, ALPNProtocols: ['http/1.1', 'h2'] };

export interface ApiServer {
  /**
   * Listens at one more address.
   * @throws {ConflictError} if another program answers there; {InvalidArgumentError} for TCP without client certificates
   */
  listen(address: Address): Promise<void>;
  /** Takes no more requests, lets those under way finish, ends streams. */
  close(): Promise<void>;
}

export interface ApiServerOptions {
  routes: readonly Route[];
  /** Takes over a connection that begins with HTTP/2; such are refused if absent. */
  serveHttp2?: (socket: Duplex) => Promise<void>;
  tls: TlsFiles | undefined;
  /** Group of unix sockets, by id. */
  groupId: number | undefined;
  log: Log;
}

/** Makes the server of the Engine API; it listens nowhere yet. */
export function createApiServer({ routes, serveHttp2, tls, groupId, log }: ApiServerOptions): ApiServer {
  const handle = createRequestHandler({ routes, log });
  const servers: { server: Server; release(this: void): Promise<void> }[] = [];
  const sockets = new Set<Socket>();
  const spoken = new WeakSet<Duplex>();
  const waiting = new Set<ServerResponse>();

  const listener =
    (overTls: boolean): RequestListener =>
    (request: IncomingMessage, response: ServerResponse) => {
      waiting.add(response);
      spoken.add(request.socket);
      void handle(request, response, { overTls }).finally(() => waiting.delete(response));
    };

  return {
    async listen(address) {
      const bound = await bind(address, { tls, groupId });
      const server =
        bound.tls === undefined
          ? createServer({ maxHeaderSize: HEADER_LIMIT_BYTES }, listener(false))
          : createTlsServer({ ...bound.tls, ...TLS_OPTIONS }, listener(true));
      configure(server, { sockets, spoken, serveHttp2 });
      await bound.listen(server);
      servers.push({ server, release: bound.release });
      log.info('listening', { address: address.text });
    },

    async close() {
      for (const { server } of servers) {
        server.close();
        server.closeIdleConnections();
      }
      // Streams (logs, events, attached terminals) have sent their headers and would go on for ever.
      await waitUntil(() => [...waiting].every((response) => response.headersSent || response.destroyed));
      for (const socket of sockets) socket.destroySoon();
      await sleep(sockets.size > 0 ? 50 : 0);
      for (const socket of sockets) socket.destroy();
      // What was cut (a build, a pull) has things to take away before the engine closes below it.
      await waitUntil(() => waiting.size === 0);
      await Promise.all(servers.map(({ release }) => release()));
    },
  };
}

async function waitUntil(isTrue: () => boolean): Promise<void> {
  const deadline = Date.now() + CLOSE_GRACE_MS;
  while (!isTrue() && Date.now() < deadline) await sleep(10);
}

interface Connections {
  serveHttp2: ApiServerOptions['serveHttp2'];
  sockets: Set<Socket>;
  /** Those that have sent a request: they stay with HTTP/1. */
  spoken: WeakSet<Duplex>;
}

function configure(server: Server, { sockets, spoken, serveHttp2 }: Connections): void {
  // Uploads of images and streams take as long as they take; only the headers have to come soon.
  server.requestTimeout = 0;
  server.headersTimeout = HEADERS_TIMEOUT_MS;
  server.keepAliveTimeout = 0;
  server.timeout = 0;
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('clientError', (error: ParseFailure, socket) => {
    if (serveHttp2 !== undefined && !spoken.has(socket) && beginsHttp2(error)) {
      takeOver(socket, error.rawPacket);
      void serveHttp2(socket);
      // What a client sent behind its request, before it knew that the connection is its own, is lost.
    } else if (isHijacked(socket)) socket.destroy();
    else if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
    else socket.destroy();
  });
}

/** What the parser could not read as HTTP/1. */
type ParseFailure = NodeJS.ErrnoException & { rawPacket?: Buffer };

/** With these words HTTP/2 begins (RFC 9113, section 3.4); Node's parser stops at them. */
const PREFACE = 'PRI * HTTP/2.0\r\n';

function beginsHttp2({ rawPacket }: ParseFailure): boolean {
  return rawPacket?.subarray(0, PREFACE.length).toString('latin1') === PREFACE;
}

/** Out of HTTP/1's hands, with what it had read put back. */
function takeOver(socket: Duplex, read: Buffer | undefined): void {
  // The parser reads the socket's handle directly until a listener for 'data' is added.
  socket.on('data', () => {});
  for (const event of ['data', 'end', 'drain', 'error', 'timeout'] as const) socket.removeAllListeners(event);
  socket.on('error', () => {});
  // Of HTTP/2 there is no half: who says no more has left.
  socket.once('end', () => socket.destroy());
  socket.pause();
  if (read !== undefined) socket.unshift(read);
}
