import { UnavailableError } from '#lib/errors.ts';
import type { Wire, WireRequest, WireResponse } from './wire.ts';

export interface RedirectOptions {
  /** What was asked, to be asked again. */
  request: Omit<WireRequest, 'url'>;
  /** Origin of the registry: only there go `headers`. */
  own: string;
  headers: Record<string, string>;
  /** Plain HTTP is allowed. */
  insecure: boolean;
}

const LIMIT = 5;
const STATUS = new Set([301, 302, 303, 307, 308]);

/** Goes where GET and HEAD are sent to. Storage elsewhere gets the request without credentials. */
export async function followRedirects(
  wire: Wire,
  first: WireResponse,
  { request, own, headers, insecure }: RedirectOptions,
): Promise<WireResponse> {
  let response = first;
  for (let count = 0; STATUS.has(response.status); count++) {
    const { location } = response.headers;
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    if (location === undefined || !isRead) return response;
    response.body.resume();
    if (count >= LIMIT) throw new UnavailableError(`${response.url.host} redirects in circles`);
    const url = target(location, response.url, insecure);
    const mine = url.origin === own ? headers : {};
    response = await wire.send({ ...request, url, headers: { ...request.headers, ...mine } });
  }
  return response;
}

function target(location: string, from: URL, insecure: boolean): URL {
  if (!URL.canParse(location, from.href)) throw new UnavailableError(`${from.host} redirects to nowhere`);
  const url = new URL(location, from);
  const isPlainAllowed = insecure || from.protocol === 'http:';
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isPlainAllowed))
    throw new UnavailableError(`${from.host} redirects to ${url.host} without TLS`);
  return url;
}
