import type { NamedContext } from '#engine/builder/sources/context-source.ts';
import { InvalidArgumentError } from '#lib/errors.ts';
import type { Order } from './running-build.ts';
import type { Session } from './sessions.ts';

/** Results of other builds, and files at addresses, by the name that a client gave them. */
export type Inputs = ReadonlyMap<string, NamedContext>;

/** One call for a Dockerfile to be built. */
export interface FrontendCall {
  order: Order;
  /** The client's; undefined for one that has nothing to give. */
  session: Session | undefined;
  /** `FrontendOpt`: facts of the build by name. */
  options: ReadonlyMap<string, string>;
  cacheImports: readonly { type: string; attributes: ReadonlyMap<string, string> }[];
  /** What this build begins with. */
  inputs: Inputs;
}

/** @throws {InvalidArgumentError} if there is none */
export function needSession(session: Session | undefined): Session {
  if (session !== undefined) return session;
  throw new InvalidArgumentError('no session is there to get files from', {
    why: 'the client opened none, or it has ended',
  });
}
