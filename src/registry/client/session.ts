import type { RegistryAuth } from '#api/auth-header.ts';
import { UnavailableError } from '#lib/errors.ts';
import { createAuthorizer } from './authorizer.ts';
import { isPlainHttpAnswer } from './connection-error.ts';
import type { Endpoint } from './endpoint.ts';
import { followRedirects } from './redirect.ts';
import { responseError } from './response-error.ts';
import type { Wire, WireRequest, WireResponse } from './wire.ts';

/** A request to the registry; `path` is below its root, or a whole URL that the registry gave. */
export interface SessionRequest extends Omit<WireRequest, 'url'> {
  path: string | URL;
  /** Rights that it needs: `repository:library/python:pull`. */
  scopes: readonly string[];
}

/** Conversation with one registry on behalf of one user: finds TLS or not, logs in as it is asked to, follows redirects. */
export interface Session {
  send(request: SessionRequest): Promise<WireResponse>;
  /** Proves the credentials. @returns a token that stands for the password, if the registry gives one */
  login(options: { signal?: AbortSignal | undefined }): Promise<{ identityToken: string | undefined }>;
}

export function openSession(wire: Wire, endpoint: Endpoint, auth: RegistryAuth): Session {
  const authorizer = createAuthorizer(wire, auth);
  let found: Promise<URL> | undefined;

  const origin = async (signal: AbortSignal | undefined): Promise<URL> => {
    found ??= findOrigin(wire, endpoint, signal);
    try {
      return await found;
    } catch (error) {
      found = undefined;
      throw error;
    }
  };

  const send = async ({ path, scopes, ...request }: SessionRequest): Promise<WireResponse> => {
    const { signal } = request;
    const root = await origin(signal);
    const url = new URL(path, root);
    const isOwn = url.origin === root.origin;
    const isPlain = root.protocol === 'http:';
    for (let isRetry = false; ; isRetry = true) {
      const headers = isOwn ? await authorizer.headers(scopes, { isPlain, signal }) : {};
      const response = await wire.send({ ...request, url, headers: { ...request.headers, ...headers } });
      const isDenied = response.status === 401 && isOwn && !isRetry && isRepeatable(request.body);
      if (!isDenied || !authorizer.accept(response, scopes))
        return followRedirects(wire, response, { request, own: root.origin, headers, insecure: endpoint.insecure });
      response.body.resume();
    }
  };

  return {
    send,
    async login({ signal }) {
      const response = await send({ method: 'GET', path: '/v2/', scopes: [], signal });
      if (response.status === 401 || response.status === 403)
        throw await responseError(response, `login to ${endpoint.domain} was refused`);
      response.body.resume();
      if (response.status !== 200)
        throw new UnavailableError(`${endpoint.domain} answered ${response.status} where a registry answers 200`, {
          hint: 'check that this is the address of a registry',
        });
      const isPlain = (await origin(signal)).protocol === 'http:';
      return { identityToken: await authorizer.refreshToken({ isPlain, signal }) };
    },
  };
}

function isRepeatable(body: WireRequest['body']): boolean {
  return body === undefined || body instanceof Uint8Array;
}

/** TLS first; what may be insecure falls back to plain HTTP when the other side does not speak TLS. */
async function findOrigin(wire: Wire, endpoint: Endpoint, signal: AbortSignal | undefined): Promise<URL> {
  const secure = new URL(`https://${endpoint.host}`);
  if (!endpoint.insecure) return secure;
  try {
    const response = await wire.send({ method: 'GET', url: new URL('/v2/', secure), signal });
    response.body.resume();
    return secure;
  } catch (error) {
    const { code } = ((error as { cause?: unknown }).cause ?? {}) as { code?: string };
    if (!isPlainHttpAnswer(error) && code !== 'ECONNRESET' && code !== 'ECONNREFUSED') throw error;
    return new URL(`http://${endpoint.host}`);
  }
}
