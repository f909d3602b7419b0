import type { Credentials } from '#engine/builder/request.ts';
import { NO_SSH, type SecretSource, type SshSource } from '#engine/builder/sources/client-sources.ts';
import type { RegistryAuth } from '#api/auth-header.ts';
import { CancelledError, NotFoundError, NotImplementedError, TooLargeError, UnavailableError } from '#lib/errors.ts';
import { callUnary } from '#lib/grpc/call-unary.ts';
import { CREDENTIALS } from './messages/auth.ts';
import { GET_SECRET } from './messages/secrets.ts';
import { AGENT_ID, CHECK_AGENT, FORWARD_AGENT } from './messages/ssh.ts';
import { bytesDuplex } from './bytes-duplex.ts';
import { callSession, offers, type SessionClient } from './session-client.ts';

const SECRET_LIMIT_BYTES = 500 * 1024;
/** What clients call Docker's registry when they are asked. */
const HUB_HOST = 'registry-1.docker.io';

/** Logins that the client shares. Each is asked for once. */
export function sessionCredentials(client: SessionClient): Credentials {
  const known = new Map<string, Promise<RegistryAuth | undefined>>();
  return async (domain) => {
    if (!offers(client, CREDENTIALS.path)) return undefined;
    const asked = known.get(domain) ?? askCredentials(client, domain);
    known.set(domain, asked);
    return asked.catch((error: unknown) => {
      known.delete(domain);
      throw error;
    });
  };
}

async function askCredentials(client: SessionClient, domain: string): Promise<RegistryAuth | undefined> {
  const host = domain === 'docker.io' ? HUB_HOST : domain;
  const { username, secret } = await callUnary(client.grpc, CREDENTIALS, { value: { host } });
  if (secret === '') return undefined;
  return username === '' ? { identityToken: secret } : { username, password: secret };
}

/** Secrets that the client holds. */
export function sessionSecrets(client: SessionClient): SecretSource {
  return {
    async get(id) {
      if (!offers(client, GET_SECRET.path)) return undefined;
      try {
        const { data } = await callUnary(client.grpc, GET_SECRET, { value: { id } });
        if (data.length > SECRET_LIMIT_BYTES)
          throw new TooLargeError(`the secret ${id} is too large`, {
            why: `it has ${data.length} bytes, and a secret has at most ${SECRET_LIMIT_BYTES}`,
          });
        return Buffer.from(data);
      } catch (error) {
        if (error instanceof NotFoundError || error instanceof NotImplementedError) return undefined;
        throw error;
      }
    },
  };
}

/** SSH agents that the client forwards. */
export function sessionSsh(client: SessionClient): SshSource {
  return {
    async check(id) {
      if (!offers(client, CHECK_AGENT.path)) return NO_SSH.check(id);
      try {
        await callUnary(client.grpc, CHECK_AGENT, { value: { id } });
        return undefined;
      } catch (error) {
        // That it has none of the name is told by a code that means anything.
        if (error instanceof UnavailableError || error instanceof CancelledError) throw error;
        return NO_SSH.check(id);
      }
    },
    async connect(id, signal) {
      const metadata = new Map([[AGENT_ID, [id]]]);
      return bytesDuplex(callSession(client, FORWARD_AGENT, { metadata, signal, what: `the SSH agent ${id}` }));
    },
  };
}
