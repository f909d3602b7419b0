import type { Duplex } from 'node:stream';
import { NotFoundError } from '#lib/errors.ts';

/** Secrets that the client holds; asked for when a step needs them, never kept. */
export interface SecretSource {
  /** @returns undefined if there is none of that id */
  get(id: string): Promise<Buffer | undefined>;
}

/** SSH agents that the client forwards. */
export interface SshSource {
  /** @throws {NotFoundError} if none of that id is forwarded */
  check(id: string): Promise<void>;
  /** A new connection to the agent. */
  connect(id: string, signal: AbortSignal): Promise<Duplex>;
}

/** Of a client that brought none. */
export const NO_SECRETS: SecretSource = { get: async () => undefined };

/** Of a client that forwards none. */
export const NO_SSH: SshSource = {
  async check(id) {
    throw noAgent(id);
  },
  async connect(id) {
    throw noAgent(id);
  },
};

function noAgent(id: string): NotFoundError {
  return new NotFoundError(`no SSH agent ${id} is forwarded to this build`, {
    why: 'the step mounts it, and the client did not offer it',
    hint: `build with --ssh ${id}`,
  });
}
