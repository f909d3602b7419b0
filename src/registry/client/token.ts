import type { RegistryAuth } from '#api/auth-header.ts';
import { PermissionDeniedError, UnauthenticatedError, UnavailableError } from '#lib/errors.ts';
import type { Challenge } from './challenge.ts';
import { responseError } from './response-error.ts';
import { DEFAULT_RETRY, retryResponse } from './retry.ts';
import { readBody, type Wire, type WireRequest, type WireResponse } from './wire.ts';

export interface Token {
  value: string;
  /** Milliseconds since epoch after which it is not used any more. */
  expiresAt: number;
  /** To be stored in place of the password, when it was asked for. */
  refreshToken: string | undefined;
}

export interface TokenRequest {
  challenge: Challenge;
  scopes: readonly string[];
  auth: RegistryAuth;
  /** The registry speaks plain HTTP, so its realm may too. */
  isPlain: boolean;
  /** Asks for a refresh token. */
  offline?: boolean;
  signal?: AbortSignal | undefined;
}

const CLIENT_ID = 'berth';
const BODY_LIMIT_BYTES = 1024 * 1024;
const LEAST_SECONDS = 60;
/** A token is renewed this long before it ends. */
const MARGIN_MS = 10_000;

/**
 * Gets a bearer token as distribution's token specification says: OAuth2 with a refresh token, GET with Basic otherwise.
 * @throws {UnauthenticatedError} for a wrong password
 */
export async function fetchToken(wire: Wire, request: TokenRequest): Promise<Token> {
  const realm = realmOf(request);
  const send = async (message: WireRequest): Promise<WireResponse> =>
    retryResponse(async () => wire.send(message), { ...DEFAULT_RETRY, signal: request.signal });
  let response: WireResponse | undefined;
  if (request.auth.identityToken !== undefined) {
    response = await send(oauth(realm, request));
    if (response.status === 404 || response.status === 405) {
      response.body.destroy();
      response = undefined;
    }
  }
  response ??= await send(plain(realm, request));
  if (response.status !== 200) throw await responseError(response, `no access to ${realm.host}`);
  return parseToken(await readBody(response, BODY_LIMIT_BYTES), realm);
}

/** The password goes to this address, so it must be as safe as the registry itself. */
function realmOf({ challenge, isPlain }: TokenRequest): URL {
  const text = challenge.parameters['realm'] ?? '';
  if (!URL.canParse(text))
    throw new UnavailableError(`the registry names no usable token server: ${JSON.stringify(text)}`);
  const realm = new URL(text);
  if (realm.protocol !== 'https:' && !(isPlain && realm.protocol === 'http:'))
    throw new PermissionDeniedError(`the registry sends passwords to ${realm.host} without TLS`, {
      why: 'its token server is not an https address',
      hint: 'allow the registry with --insecure-registry if this is meant so',
    });
  return realm;
}

function plain(realm: URL, { challenge, scopes, auth, offline, signal }: TokenRequest): WireRequest {
  const url = new URL(realm);
  const { service } = challenge.parameters;
  if (service !== undefined) url.searchParams.set('service', service);
  for (const scope of scopes) url.searchParams.append('scope', scope);
  if (auth.username !== undefined) url.searchParams.set('account', auth.username);
  if (offline === true) url.searchParams.set('offline_token', 'true');
  url.searchParams.set('client_id', CLIENT_ID);
  return { method: 'GET', url, headers: basicHeader(auth), signal };
}

function oauth(realm: URL, { challenge, scopes, auth, signal }: TokenRequest): WireRequest {
  const form = new URLSearchParams({
    grant_type: 'refresh_token',
    refresh_token: auth.identityToken ?? '',
    service: challenge.parameters['service'] ?? '',
    client_id: CLIENT_ID,
    scope: scopes.join(' '),
  });
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  return { method: 'POST', url: realm, headers, body: Buffer.from(form.toString()), signal };
}

/** `Authorization: Basic`, or nothing without a user. */
export function basicHeader({ username, password }: RegistryAuth): Record<string, string> {
  if (username === undefined) return {};
  return { authorization: `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}` };
}

function parseToken(body: Buffer, realm: URL): Token {
  let document: Record<string, unknown> = {};
  try {
    document = JSON.parse(body.toString()) as Record<string, unknown>;
  } catch {
    throw new UnavailableError(`the token server ${realm.host} answered with something that is not JSON`);
  }
  const value = document['token'] ?? document['access_token'];
  if (typeof value !== 'string' || value === '' || /[^\x21-\x7e]/.test(value))
    throw new UnauthenticatedError(`the token server ${realm.host} gave no token`);
  const seconds = Math.max(LEAST_SECONDS, Number(document['expires_in'] ?? 0) || 0);
  const refreshToken = document['refresh_token'];
  return {
    value,
    expiresAt: Date.now() + seconds * 1000 - MARGIN_MS,
    refreshToken: typeof refreshToken === 'string' && refreshToken !== '' ? refreshToken : undefined,
  };
}
