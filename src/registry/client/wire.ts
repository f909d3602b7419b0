import { Agent as HttpAgent, type IncomingHttpHeaders, type IncomingMessage, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import type { SecureContext } from 'node:tls';
import { CancelledError, UnavailableError } from '#lib/errors.ts';
import { connectionError, ConnectTimeoutError, StalledError } from './connection-error.ts';

export interface WireRequest {
  method: 'GET' | 'HEAD' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  url: URL;
  headers?: Record<string, string>;
  /** Sent chunked unless `headers` has a content-length. */
  body?: Uint8Array | AsyncIterable<Uint8Array> | undefined;
  signal?: AbortSignal | undefined;
}

export interface WireResponse {
  status: number;
  headers: IncomingHttpHeaders;
  /** Has to be read to its end, or destroyed. */
  body: IncomingMessage;
  url: URL;
}

/** Sends one request to whatever host its URL names; no retry, no redirect, no credentials of its own. */
export interface Wire extends Disposable {
  send(request: WireRequest): Promise<WireResponse>;
}

export interface WireOptions {
  /** For a host, its trusted authorities and a client certificate; undefined = Node's defaults. */
  secureContext: (host: string) => SecureContext | undefined;
  /** Hosts whose certificate is not checked. */
  isInsecure: (host: string) => boolean;
  /** A connection that moves no byte for so long has failed. */
  stallMs: number;
}

const CONNECT_MS = 10_000;

/** Opens connections that are kept and used again until it is disposed. */
export function openWire({ secureContext, isInsecure, stallMs }: WireOptions): Wire {
  const kept = { keepAlive: true, maxSockets: 16, timeout: stallMs, proxyEnv: process.env };
  const plain = new HttpAgent(kept);
  const secure = new Map<string, HttpsAgent>();
  const agentOf = (url: URL): HttpAgent | HttpsAgent => {
    if (url.protocol === 'http:') return plain;
    let agent = secure.get(url.host);
    if (agent === undefined) {
      const context = secureContext(url.host);
      agent = new HttpsAgent({
        ...kept,
        rejectUnauthorized: !isInsecure(url.host),
        ...(context !== undefined && { secureContext: context }),
      });
      secure.set(url.host, agent);
    }
    return agent;
  };
  return {
    send: (request) => exchange(request, { agent: agentOf(request.url), stallMs }),
    [Symbol.dispose]() {
      plain.destroy();
      for (const agent of secure.values()) agent.destroy();
    },
  };
}

async function exchange(
  { method, url, headers = {}, body, signal }: WireRequest,
  { agent, stallMs }: { agent: HttpAgent | HttpsAgent; stallMs: number },
): Promise<WireResponse> {
  if (signal?.aborted === true) throw new CancelledError('cancelled', { cause: signal.reason });
  const { promise, resolve, reject } = Promise.withResolvers<WireResponse>();
  const own = body instanceof Uint8Array ? { ...headers, 'content-length': String(body.byteLength) } : headers;
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  // Node would send a user that stands in the address.
  const address = new URL(url);
  address.username = '';
  address.password = '';
  const request = send(address, { method, headers: own, agent, ...(signal !== undefined && { signal }) });
  request.once('socket', (socket) => {
    if (!socket.connecting) return;
    const timer = setTimeout(() => request.destroy(new ConnectTimeoutError(CONNECT_MS)), CONNECT_MS);
    socket.once('connect', () => clearTimeout(timer)).once('close', () => clearTimeout(timer));
  });
  request.setTimeout(stallMs, () => request.destroy(new StalledError(stallMs)));
  request.on('error', (error) => reject(connectionError(error, url, signal)));
  request.on('response', (response) => {
    // Who reads it sees the failure; a body that nobody wants must not end the program.
    response.on('error', () => {});
    response.setTimeout(stallMs, () => response.destroy(new StalledError(stallMs)));
    resolve({ status: response.statusCode ?? 0, headers: response.headers, body: response, url });
  });
  if (body === undefined || body instanceof Uint8Array) request.end(body);
  else
    pipeline(Readable.from(body, { objectMode: false }), request).catch((error: unknown) => {
      // Whoever answers early closes the request; the answer tells more than the closed pipe.
      reject(connectionError(error, url, signal));
    });
  return promise;
}

/** Reads a body that ought to be small. @throws {UnavailableError} beyond the limit or when the connection breaks */
export async function readBody(response: WireResponse, limitBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of response.body as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > limitBytes) break;
      chunks.push(chunk);
    }
  } catch (error) {
    throw connectionError(error, response.url, undefined);
  }
  if (length <= limitBytes) return Buffer.concat(chunks);
  response.body.destroy();
  throw new UnavailableError(
    `${response.url.host} answered with more than ${limitBytes} bytes where a document belongs`,
  );
}
