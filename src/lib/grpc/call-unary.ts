import { UnavailableError } from '#lib/errors.ts';
import { decodeMessage } from '#lib/protobuf/decode.ts';
import { encodeMessage } from '#lib/protobuf/encode.ts';
import type { Message, Partly } from '#lib/protobuf/message.ts';
import type { CallOptions, GrpcClient } from './client.ts';

/** A method with one request and one answer. */
export interface UnaryMethod<Q extends object, A extends object> {
  path: string;
  request: Message<Q>;
  answer: Message<A>;
}

/** Calls a method and waits for its answer. @throws the error that the call's status means */
export async function callUnary<Q extends object, A extends object>(
  client: GrpcClient,
  { path, request, answer }: UnaryMethod<Q, A>,
  { value, ...options }: CallOptions & { value: Partly<Q> },
): Promise<A> {
  using call = client.call(path, options);
  void call.send(encodeMessage(request, value));
  call.end();
  let result: A | undefined;
  for await (const message of call.messages) result ??= decodeMessage(answer, message);
  if (result === undefined) throw new UnavailableError(`the client did not answer ${path}`, { why: 'no message came' });
  return result;
}
