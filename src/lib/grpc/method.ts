import { InvalidArgumentError } from '#lib/errors.ts';
import { decodeMessage } from '#lib/protobuf/decode.ts';
import { encodeMessage } from '#lib/protobuf/encode.ts';
import type { Message, Partly } from '#lib/protobuf/message.ts';
import type { Metadata } from './metadata.ts';

/** What a method knows of the call besides its messages. */
export interface CallContext {
  metadata: Metadata;
  /** It came over the network. */
  isRemote: boolean;
  /** Aborts when the caller leaves, cancels, or its deadline is over. */
  signal: AbortSignal;
}

/** One method of a service, its messages as bytes. */
export interface Method {
  /** Answers to requests, one after another; what it throws is the call's status. */
  handle(requests: AsyncIterable<Uint8Array>, call: CallContext): AsyncIterable<Uint8Array>;
  /** Exactly one request comes. */
  takesOne: boolean;
}

/** Methods by their path: `/package.Service/Method`. */
export type Services = ReadonlyMap<string, Method>;

interface Types<Q extends object, A extends object> {
  request: Message<Q>;
  answer: Message<A>;
}

/** One request, one answer. */
export function unary<Q extends object, A extends object>(
  { request, answer }: Types<Q, A>,
  handle: (request: Q, call: CallContext) => Promise<Partly<A>>,
): Method {
  return {
    takesOne: true,
    async *handle(requests, call) {
      yield encodeMessage(answer, await handle(decodeMessage(request, await only(requests)), call));
    },
  };
}

/** One request, many answers. */
export function serverStream<Q extends object, A extends object>(
  { request, answer }: Types<Q, A>,
  handle: (request: Q, call: CallContext) => AsyncIterable<Partly<A>>,
): Method {
  return {
    takesOne: true,
    async *handle(requests, call) {
      for await (const item of handle(decodeMessage(request, await only(requests)), call))
        yield encodeMessage(answer, item);
    },
  };
}

/** Messages both ways. */
export function bothWays<Q extends object, A extends object>(
  { request, answer }: Types<Q, A>,
  handle: (requests: AsyncIterable<Q>, call: CallContext) => AsyncIterable<Partly<A>>,
): Method {
  return {
    takesOne: false,
    async *handle(requests, call) {
      for await (const item of handle(decodeAll(request, requests), call)) yield encodeMessage(answer, item);
    },
  };
}

async function* decodeAll<Q extends object>(request: Message<Q>, items: AsyncIterable<Uint8Array>): AsyncGenerator<Q> {
  for await (const item of items) yield decodeMessage(request, item);
}

async function only(requests: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  for await (const request of requests) return request;
  throw new InvalidArgumentError('the call came without its message');
}
