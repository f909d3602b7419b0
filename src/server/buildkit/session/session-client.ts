import { NotImplementedError } from '#lib/errors.ts';
import type { CallOptions, GrpcCall, GrpcClient } from '#lib/grpc/client.ts';

/** The client's side of a session, as those see it who ask it for something. */
export interface SessionClient {
  readonly id: string;
  readonly sharedKey: string;
  readonly grpc: GrpcClient;
  readonly methods: ReadonlySet<string>;
}

/** Whether the client answers a method. Clients spell them differently in small and capital letters. */
export function offers({ methods }: Pick<SessionClient, 'methods'>, path: string): boolean {
  return methods.has(path.toLowerCase());
}

/** @throws {NotImplementedError} if the client does not answer it */
export function callSession(
  client: SessionClient,
  path: string,
  { what, ...options }: CallOptions & { what: string },
): GrpcCall {
  if (!offers(client, path))
    throw new NotImplementedError(`the client does not offer ${what}`, {
      why: `its session has no ${path.slice(1)}`,
      hint: 'build with a client that does, such as docker buildx',
    });
  return client.grpc.call(path, options);
}
