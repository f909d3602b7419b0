import { once } from 'node:events';
import { Agent as HttpAgent, type IncomingMessage, request as httpRequest, type RequestOptions } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import { secureContextOf } from '#registry/client/trust.ts';
import { BerthError, InvalidArgumentError, UnavailableError } from '#lib/errors.ts';
import { VERSION } from '#lib/version.ts';
import { guardedLookup, refusePrivate } from './guarded-lookup.ts';

export interface UrlOptions {
  /** Only public addresses. */
  guard: boolean;
  /** Value of `Authorization`; goes to the origin of the address only. */
  authorization?: string | undefined;
  /** Of what is known already: if it is still that, nothing is sent. */
  etag?: string | undefined;
  signal: AbortSignal;
}

export interface UrlAnswer {
  /** Where it came from in the end. */
  url: URL;
  headers: IncomingMessage['headers'];
  /** As it is sent: no encoding was asked for. */
  body: AsyncIterable<Buffer>;
  /** It is what is known already. */
  isUnchanged: boolean;
}

const REDIRECTS = 10;
const REDIRECT_STATUS = [301, 302, 303, 307, 308];
/** As long no byte may come. */
const IDLE_MS = 60_000;

/**
 * Asks for what is at an address, and goes where it is sent to.
 * @throws {UnavailableError} if it cannot be had; {PermissionDeniedError} if it may not; {InvalidArgumentError} for no http or https address
 */
export async function openUrl(address: string, options: UrlOptions): Promise<UrlAnswer> {
  const first = httpUrl(address);
  let url = first;
  for (let count = 0; count <= REDIRECTS; count++) {
    const response = await ask(url, { ...options, isOwn: url.origin === first.origin });
    const { statusCode = 0, statusMessage = '', headers } = response;
    if (REDIRECT_STATUS.includes(statusCode) && headers.location !== undefined) {
      response.destroy();
      url = nextUrl(url, headers.location);
      continue;
    }
    const isUnchanged = statusCode === 304 && options.etag !== undefined;
    if (!isUnchanged && (statusCode < 200 || statusCode >= 300)) {
      response.destroy();
      throw new UnavailableError(`${shown(url)}: ${statusCode} ${statusMessage}`, {
        why: 'the server does not give it out',
        hint: 'check the address',
      });
    }
    return { url, headers, body: bodyOf(response, url), isUnchanged };
  }
  throw new UnavailableError(`${shown(first)} redirects in circles`);
}

/** The address as messages show it: without credentials and query, in which tokens travel. */
export function shown(url: URL | string): string {
  const { origin, pathname } = typeof url === 'string' ? new URL(url) : url;
  return `${origin}${pathname}`;
}

function httpUrl(address: string): URL {
  if (!/^https?:\/\//i.test(address) || !URL.canParse(address))
    throw new InvalidArgumentError(`${address.split('?')[0]} is no http or https address`);
  return new URL(address);
}

function nextUrl(from: URL, location: string): URL {
  const url = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw new UnavailableError(`${shown(from)} redirects to what cannot be fetched`);
  if (from.protocol === 'https:' && url.protocol === 'http:')
    throw new UnavailableError(`${shown(from)} redirects to ${url.host} without TLS`);
  return url;
}

async function ask(
  url: URL,
  { guard, authorization, etag, isOwn, signal }: UrlOptions & { isOwn: boolean },
): Promise<IncomingMessage> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  // A literal address is never looked up.
  if (guard && isIP(host) !== 0) refusePrivate(host, [host]);
  const isTls = url.protocol === 'https:';
  const headers: Record<string, string> = { 'User-Agent': `berth/${VERSION}`, 'Accept-Encoding': 'identity' };
  if (isOwn && authorization !== undefined) headers['Authorization'] = authorization;
  if (etag !== undefined) headers['If-None-Match'] = etag;
  const options: RequestOptions = {
    headers,
    signal,
    timeout: IDLE_MS,
    ...(guard && { lookup: guardedLookup }),
  };
  // A proxy would look names up by itself.
  const proxy = guard ? {} : { proxyEnv: process.env };
  try {
    const call = isTls
      ? httpsRequest(url, { ...options, agent: new HttpsAgent({ ...proxy, secureContext: secureContextOf(url.host) }) })
      : httpRequest(url, { ...options, agent: new HttpAgent(proxy) });
    call.on('timeout', () => call.destroy(new UnavailableError(`nothing came for ${IDLE_MS / 1000} s`)));
    call.end();
    const [response] = (await once(call, 'response')) as [IncomingMessage];
    call.on('error', () => {}); // whoever reads the body hears of it
    return response;
  } catch (error) {
    throw broken(error, url, signal);
  }
}

async function* bodyOf(response: IncomingMessage, url: URL): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of response) yield chunk as Buffer;
  } catch (error) {
    throw broken(error, url, undefined);
  }
}

function broken(error: unknown, url: URL, signal: AbortSignal | undefined): unknown {
  signal?.throwIfAborted();
  if (error instanceof BerthError && !(error instanceof UnavailableError)) return error;
  const { message, code = '' } = error as Error & { code?: string };
  const why = code === 'ENOTFOUND' || code === 'EAI_AGAIN' ? `no such host: ${url.hostname}` : message;
  return new UnavailableError(`${shown(url)} cannot be fetched: ${why}`, {
    why,
    hint: 'check the address and the network of this host',
    cause: error,
  });
}
