import type { RegistryAuth } from '#api/auth-header.ts';
import { type Challenge, parseChallenges } from './challenge.ts';
import { basicHeader, fetchToken, type Token } from './token.ts';
import type { Wire, WireResponse } from './wire.ts';

/** What a request to the registry's own origin carries to be let in. */
export interface Authorizer {
  /** Headers for these rights; none until the registry has asked. */
  headers(scopes: readonly string[], options: AuthorizeOptions): Promise<Record<string, string>>;
  /** Takes up what a 401 asks for. @returns false if there is nothing more to try */
  accept(response: WireResponse, scopes: readonly string[]): boolean;
  /** A token that stands for the password, where the registry gives such. */
  refreshToken(options: AuthorizeOptions): Promise<string | undefined>;
}

export interface AuthorizeOptions {
  /** The registry speaks plain HTTP. */
  isPlain: boolean;
  signal: AbortSignal | undefined;
}

/** Keeps the challenge of one registry and a token per set of rights. */
export function createAuthorizer(wire: Wire, auth: RegistryAuth): Authorizer {
  let challenge: Challenge | undefined;
  const tokens = new Map<string, Promise<Token>>();

  const tokenFor = async (
    current: Challenge,
    scopes: readonly string[],
    { isPlain, signal }: AuthorizeOptions,
  ): Promise<Token> => {
    const key = scopes.join(' ');
    const known = await tokens.get(key)?.catch(() => undefined);
    if (known !== undefined && known.expiresAt > Date.now()) return known;
    const fetched = fetchToken(wire, { challenge: current, scopes, auth, isPlain, signal });
    tokens.set(key, fetched);
    fetched.catch(() => tokens.delete(key));
    return fetched;
  };

  return {
    async headers(scopes, options) {
      if (auth.registryToken !== undefined) return { authorization: `Bearer ${auth.registryToken}` };
      if (challenge === undefined) return {};
      if (challenge.scheme === 'basic') return basicHeader(auth);
      return { authorization: `Bearer ${(await tokenFor(challenge, scopes, options)).value}` };
    },

    accept(response, scopes) {
      const offered = parseChallenges(response.headers['www-authenticate']);
      const chosen =
        offered.find(({ scheme }) => scheme === 'bearer') ??
        (auth.username === undefined ? undefined : offered.find(({ scheme }) => scheme === 'basic'));
      if (chosen === undefined || auth.registryToken !== undefined) return false;
      const isNew = challenge?.scheme !== chosen.scheme;
      challenge = chosen;
      // A token can be withdrawn before its time.
      return tokens.delete(scopes.join(' ')) || isNew;
    },

    async refreshToken({ isPlain, signal }) {
      if (challenge?.scheme !== 'bearer') return undefined;
      const token = await fetchToken(wire, { challenge, scopes: [], auth, isPlain, offline: true, signal });
      return token.refreshToken;
    },
  };
}
