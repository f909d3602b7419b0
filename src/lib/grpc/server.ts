import { once } from 'node:events';
import {
  type IncomingHttpHeaders,
  performServerHandshake,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Duplex } from 'node:stream';
import { BerthError, InternalError, NotImplementedError } from '#lib/errors.ts';
import type { Log } from '#lib/log.ts';
import { frameMessage, readFrames } from './framing.ts';
import { parseTimeout, readMetadata } from './metadata.ts';
import type { Services } from './method.ts';
import { CODES, type GrpcStatus, statusOfError, statusTrailers } from './status.ts';

export interface GrpcServerOptions {
  services: Services;
  /** How a call ends that threw; as `statusOfError` has it if absent. */
  describe?: (error: unknown) => GrpcStatus;
  log: Log;
}

/** Answers gRPC calls on connections that others opened. */
export interface GrpcServer {
  /** Takes over a connection on which HTTP/2 begins. Settles when it is closed. */
  serve(socket: Duplex): Promise<void>;
  /** Ends all connections; calls under way are cancelled. */
  close(): void;
}

/** A peer that opens more calls waits. */
const CALLS_AT_A_TIME = 1000;
/** Bytes that a peer may send on one call before they are read. */
const WINDOW_BYTES = 1024 * 1024;

const SESSION_MEMORY_MB = 64;
const TRAILERS_LIMIT_BYTES = 1024 * 1024;

export function createGrpcServer(options: GrpcServerOptions): GrpcServer {
  const sessions = new Set<ServerHttp2Session>();
  return {
    async serve(socket) {
      const session = performServerHandshake(socket, {
        maxSessionMemory: SESSION_MEMORY_MB,
        // Details of errors go in trailers.
        maxSendHeaderBlockLength: TRAILERS_LIMIT_BYTES,
        settings: { maxConcurrentStreams: CALLS_AT_A_TIME, initialWindowSize: WINDOW_BYTES, enablePush: false },
      });
      sessions.add(session);
      session.setLocalWindowSize(4 * WINDOW_BYTES);
      // Its calls end with it, and tell. Programs in Go say goodbye with a number that is an error to nghttp2.
      session.on('error', () => {});
      session.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
        void answerCall(options, stream, headers);
      });
      await once(session, 'close').catch(() => {});
      sessions.delete(session);
      socket.destroy();
    },
    close() {
      for (const session of sessions) session.destroy();
    },
  };
}

/** Never throws: what goes wrong is the call's status. */
async function answerCall(
  { services, describe = statusOfError, log }: GrpcServerOptions,
  ...[stream, headers]: [stream: ServerHttp2Stream, headers: IncomingHttpHeaders]
): Promise<void> {
  const left = new AbortController();
  const path = headers[':path'] ?? '';
  stream.on('error', () => left.abort());
  stream.on('aborted', () => left.abort());
  stream.on('close', () => left.abort());
  // A caller may have left before its headers were looked at.
  if (stream.destroyed || stream.closed) return;
  if (!isGrpc(headers)) {
    stream.respond({ ':status': 415 }, { endStream: true });
    return;
  }
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  const status = await callMethod({ services, stream, headers, path, left }).catch((error: unknown) => {
    const told = describe(error);
    // What has a kind is the caller's to know; anything else is a defect of ours.
    if (!(error instanceof BerthError) || error instanceof InternalError)
      log.debug('call failed', {
        path,
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
    return told;
  });
  end(stream, status);
}

function isGrpc(headers: IncomingHttpHeaders): boolean {
  const type = headers['content-type'] ?? '';
  return headers[':method'] === 'POST' && /^application\/grpc(?:\+proto)?(?:;|$)/.test(type);
}

interface Calling {
  services: Services;
  stream: ServerHttp2Stream;
  headers: IncomingHttpHeaders;
  path: string;
  left: AbortController;
}

async function callMethod({ services, stream, headers, path, left }: Calling): Promise<GrpcStatus> {
  const method = services.get(path);
  if (method === undefined) {
    stream.resume();
    throw new NotImplementedError(`unknown method ${path}`);
  }
  const timeoutMs = parseTimeout(one(headers['grpc-timeout']));
  const signal =
    timeoutMs === undefined
      ? left.signal
      : AbortSignal.any([left.signal, AbortSignal.timeout(Math.min(timeoutMs, MAX_TIMER_MS))]);
  const requests = received(stream, one(headers['grpc-encoding']));
  const isRemote = stream.session?.socket.remoteAddress !== undefined;
  for await (const answer of method.handle(requests, { metadata: readMetadata(headers), isRemote, signal })) {
    if (stream.destroyed || stream.closed) return { code: CODES.cancelled, message: 'the caller left', details: [] };
    if (!stream.write(frameMessage(answer))) await drained(stream);
  }
  return { code: CODES.ok, message: '', details: [] };
}

/** Who stops reading early leaves the call open for the answer; what else comes is dropped. */
async function* received(stream: ServerHttp2Stream, encoding: string | undefined): AsyncGenerator<Uint8Array> {
  try {
    yield* readFrames(stream.iterator({ destroyOnReturn: false }), { encoding });
  } finally {
    stream.resume();
  }
}

/** What Node's timers take. */
const MAX_TIMER_MS = 0x7fff_ffff;

async function drained(stream: ServerHttp2Stream): Promise<void> {
  if (stream.destroyed) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const done = (): void => resolve();
  stream.once('drain', done).once('close', done);
  await promise;
  stream.off('drain', done).off('close', done);
}

function one(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

function end(stream: ServerHttp2Stream, status: GrpcStatus): void {
  if (stream.destroyed || stream.closed) return;
  stream.once('wantTrailers', () => {
    stream.sendTrailers(statusTrailers(status));
  });
  stream.end();
  // What the caller still sends is dropped: with the status it knows that nobody reads it.
  stream.resume();
}
