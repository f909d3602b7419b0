import { type ClientRequest, request } from 'node:http';
import { UnavailableError } from '#lib/errors.ts';

/** A request to a service. */
export interface Sending {
  method: string;
  path: string;
  headers?: Readonly<Record<string, string>>;
  body?: string | Uint8Array;
  /** From the connection to the end of the answer (5,000). */
  timeoutMs?: number;
}

/** What a service answered. */
export interface Reply {
  status: number;
  type: string;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  /** At most 4 MiB of it. */
  text: string;
  /** Milliseconds until the connection was taken. */
  connectMs: number;
  /** Milliseconds until the answer had ended. */
  ms: number;
}

const LIMIT_BYTES = 4 * 1024 * 1024;

/** Sends one request on a connection of its own. @throws {UnavailableError} if nothing answers in time */
export async function send(address: { host: string; port: number }, sending: Sending): Promise<Reply> {
  const { method, path, body, timeoutMs = 5000 } = sending;
  const start = performance.now();
  const headers = {
    ...sending.headers,
    ...(body !== undefined && { 'Content-Length': String(Buffer.byteLength(body)) }),
  };
  const { promise, resolve, reject } = Promise.withResolvers<Reply>();
  const signal = AbortSignal.timeout(timeoutMs);
  const outgoing = request({ ...address, method, path, headers, agent: false, signal }, (response) => {
    const pieces: Buffer[] = [];
    let size = 0;
    response.on('data', (piece: Buffer) => {
      size += piece.length;
      if (size <= LIMIT_BYTES) pieces.push(piece);
    });
    response.on('error', reject);
    response.on('end', () => {
      const text = Buffer.concat(pieces).toString('utf8');
      const type = (response.headers['content-type'] ?? '').split(';')[0]?.trim() ?? '';
      const ms = performance.now() - start;
      resolve({ status: response.statusCode ?? 0, type, headers: response.headers, text, connectMs: connected.ms, ms });
    });
  });
  const connected = watchConnection(outgoing, start);
  outgoing.on('error', reject);
  outgoing.end(body);
  try {
    return await promise;
  } catch (error) {
    throw unavailable(sending, { error, timedOut: signal.aborted, timeoutMs });
  }
}

function watchConnection(outgoing: ClientRequest, start: number): { ms: number } {
  const connected = { ms: Number.NaN };
  outgoing.on('socket', (socket) => socket.once('connect', () => (connected.ms = performance.now() - start)));
  return connected;
}

function unavailable(
  { method, path }: Sending,
  { error, timedOut, timeoutMs }: { error: unknown; timedOut: boolean; timeoutMs: number },
): UnavailableError {
  const why = timedOut
    ? `nothing came within ${timeoutMs / 1000} s`
    : error instanceof Error
      ? error.message
      : String(error);
  return new UnavailableError(`${method} ${path} got no answer`, { why, cause: error });
}

/** The answer as JSON; undefined if it is none. */
export function jsonOf({ text }: Pick<Reply, 'text'>): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** A field of an answer in JSON; undefined if it has none of that name. */
export function fieldOf(reply: Pick<Reply, 'text'>, name: string): unknown {
  const value = jsonOf(reply);
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name];
}
