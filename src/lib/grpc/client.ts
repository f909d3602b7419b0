import {
  connect,
  constants,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from 'node:http2';
import type { Duplex } from 'node:stream';
import { BerthError, CancelledError, UnavailableError } from '#lib/errors.ts';
import { frameMessage, readFrameBatches } from './framing.ts';
import { writeMetadata } from './metadata.ts';
import { CODES, errorOfStatus, type GrpcStatus, readStatus } from './status.ts';

/** Calls methods of a peer over a connection that the peer may have opened itself. */
export interface GrpcClient extends Disposable {
  /** Aborts when the connection ends, with the reason. */
  readonly signal: AbortSignal;
  /** @param path `/package.Service/Method` */
  call(path: string, options?: CallOptions): GrpcCall;
}

export interface CallOptions {
  metadata?: ReadonlyMap<string, readonly (string | Uint8Array)[]>;
  signal?: AbortSignal;
  /** Told to the peer, and kept here. */
  timeoutMs?: number;
  /** Of one message. */
  limitBytes?: number;
}

/** One call under way. Disposing it cancels what is left of it. */
export interface GrpcCall extends Disposable {
  /** @returns what settles when there is room for more, if there is none */
  send(message: Uint8Array): Promise<void> | undefined;
  /** Nothing more is sent. */
  end(): void;
  /** What the peer sends; to be read once. @throws the error that the call's status means, at the end */
  readonly messages: AsyncIterable<Buffer>;
  /** The same, those together that came together; to be read instead. */
  readonly batches: AsyncIterable<Buffer[]>;
}

/** What a peer may send ahead on one call, and on all together, bytes: one that nobody reads does not hold up the others. */
const CALL_WINDOW_BYTES = 4 * 1024 * 1024;
const WINDOW_BYTES = 32 * 1024 * 1024;
const HEADERS_LIMIT_BYTES = 1024 * 1024;

/** @param socket carries HTTP/2 from its next byte on */
export function openGrpcClient(socket: Duplex): GrpcClient {
  const ended = new AbortController();
  const session = connect('http://localhost', {
    createConnection: () => socket,
    settings: { enablePush: false, initialWindowSize: CALL_WINDOW_BYTES },
    maxSendHeaderBlockLength: HEADERS_LIMIT_BYTES,
  });
  const fail = (why: string, cause?: unknown): void => {
    if (!ended.signal.aborted) ended.abort(new UnavailableError('the connection to the client ended', { why, cause }));
  };
  session.on('connect', () => {
    // What came first may have ended it.
    if (!session.destroyed) session.setLocalWindowSize(WINDOW_BYTES);
  });
  session.on('error', (error: Error) => fail(error.message, error));
  session.on('goaway', () => fail('it closes the session'));
  session.on('close', () => {
    fail('it is closed');
    socket.destroy();
  });
  return {
    signal: ended.signal,
    call: (path, options = {}) => startCall(session, path, { ...options, ended: ended.signal }),
    [Symbol.dispose]() {
      fail('nobody needs it any more');
      session.destroy();
    },
  };
}

interface Starting extends CallOptions {
  ended: AbortSignal;
}

function startCall(session: ClientHttp2Session, ...[path, options]: [string, Starting]): GrpcCall {
  const { metadata = new Map<string, string[]>(), timeoutMs, ended } = options;
  ended.throwIfAborted();
  options.signal?.throwIfAborted();
  const signals = [ended, options.signal, timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs)];
  const signal = AbortSignal.any(signals.filter((one) => one !== undefined));
  const stream = openStream(session, {
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...(timeoutMs !== undefined && { 'grpc-timeout': `${Math.min(timeoutMs, 99_999_999)}m` }),
    ...writeMetadata(metadata),
  });
  const cancel = (): void => {
    if (!stream.destroyed) stream.close(constants.NGHTTP2_CANCEL);
  };
  signal.addEventListener('abort', cancel, { once: true });
  stream.on('close', () => signal.removeEventListener('abort', cancel));
  const batches = readAnswer(stream, watchAnswer(stream), { ...options, path, signal });
  return {
    send(message) {
      if (stream.writableEnded || stream.destroyed) return undefined;
      return stream.write(frameMessage(message)) ? undefined : drained(stream);
    },
    end() {
      stream.end();
    },
    messages: oneByOne(batches),
    batches,
    [Symbol.dispose]: cancel,
  };
}

/** A connection may have ended without anybody having been told yet. */
function openStream(session: ClientHttp2Session, headers: OutgoingHttpHeaders): ClientHttp2Stream {
  try {
    return session.request(headers);
  } catch (error) {
    throw new UnavailableError('the connection to the client ended', { why: (error as Error).message, cause: error });
  }
}

/** What came of headers and trailers. */
interface Answer {
  httpStatus: number | undefined;
  status: GrpcStatus | undefined;
  error: Error | undefined;
}

function watchAnswer(stream: ClientHttp2Stream): Answer {
  const answer: Answer = { httpStatus: undefined, status: undefined, error: undefined };
  const onHeaders = (headers: IncomingHttpHeaders): void => {
    answer.status = readStatus(headers) ?? answer.status;
  };
  stream.on('response', (headers) => {
    answer.httpStatus = Number(headers[':status']);
    onHeaders(headers);
  });
  stream.on('trailers', onHeaders);
  stream.on('error', (error: Error) => {
    answer.error = error;
  });
  return answer;
}

async function* oneByOne(batches: AsyncIterable<Buffer[]>): AsyncGenerator<Buffer> {
  for await (const messages of batches) yield* messages;
}

async function* readAnswer(
  stream: ClientHttp2Stream,
  ...[answer, options]: [Answer, { path: string; signal: AbortSignal; limitBytes?: number }]
): AsyncGenerator<Buffer[]> {
  const { limitBytes, signal } = options;
  try {
    // No compression is offered, so none comes.
    yield* readFrameBatches(stream, { encoding: undefined, ...(limitBytes !== undefined && { limitBytes }) });
  } catch (error) {
    // What is wrong with a message is told; that the stream broke is told better by what broke it.
    if (error instanceof BerthError) {
      stream.close(constants.NGHTTP2_CANCEL);
      throw error;
    }
    answer.error ??= error as Error;
  }
  if (answer.status === undefined) signal.throwIfAborted();
  const status = answer.status ?? missingStatus(answer, options.path);
  if (status.code !== CODES.ok)
    throw status.code === CODES.cancelled ? new CancelledError(status.message) : errorOfStatus(status);
}

/** A peer that stops a call does not tell how it ended. */
function missingStatus({ httpStatus, error }: Answer, path: string): GrpcStatus {
  const why =
    error?.message ??
    (httpStatus === undefined || httpStatus === 200 ? 'it ended without a status' : `status ${httpStatus}`);
  return { code: CODES.unavailable, message: `the client did not answer ${path}: ${why}`, details: [] };
}

async function drained(stream: ClientHttp2Stream): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const done = (): void => resolve();
  stream.once('drain', done).once('close', done);
  await promise;
  stream.off('drain', done).off('close', done);
}
