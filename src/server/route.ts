import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** One request on its way through a handler. */
export interface Call {
  request: IncomingMessage;
  response: ServerResponse;
  /** Named parts of the path, decoded: `/containers/:name/json` gives `name`. */
  params: Readonly<Record<string, string>>;
  query: URLSearchParams;
  /** Version the client speaks, as a number pair that compares: 1.41 is 141. */
  version: number;
  /**
   * Aborts when the client leaves before the answer ended. Of a hijacked connection that is seen when something is written: a client
   * that is gone looks like one that only closed its side.
   */
  signal: AbortSignal;
  /** The body as bytes. Who stops reading early leaves the connection whole, so that the answer arrives. */
  body(): AsyncIterable<Uint8Array>;
  /** The same for gigabytes: a piece is only there until the next is asked for. */
  upload(): AsyncIterable<Uint8Array>;
  /**
   * The body as JSON with field names in the schema's case, whatever case the client used.
   * @throws {InvalidArgumentError} with the Engine API's texts; {TooLargeError} beyond the limit
   */
  json(): Promise<unknown>;
  /** The same for our own routes, whose field names are as they are. */
  ownJson(): Promise<unknown>;
  /** Answers with JSON and ends. */
  send(status: number, body?: unknown): void;
  /** Starts an answer of JSON lines; headers go out at once. */
  jsonLines(): { write(message: unknown): Promise<void>; end(): void };
  /** Takes the connection over for a raw stream: 101 UPGRADED when the client asked to upgrade, else 200 (facts: attach, exec start). */
  hijack(contentType: string): Duplex;
}

export type Handler = (call: Call) => Promise<void>;

/** Method, path pattern, handler. Path segments that begin with a colon match one segment; a last `:name*` matches the rest with slashes. */
export type Route = readonly [method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE', path: string, handler: Handler];
