import { parseAuthHeader, toAuth } from '#api/auth-header.ts';
import { inspectDistribution } from '#engine/images/inspect-distribution.ts';
import { parseReference, withDefaultTag } from '#oci/reference.ts';
import { domainOfServer } from '#registry/client/endpoint.ts';
import { login } from '#registry/client/registry.ts';
import type { Call, Route } from '../route.ts';

/** What these routes need of the engine. */
export interface AuthBackend {
  registries: () => { insecureRegistries: readonly string[] };
}

/** Engine API: credentials for registries, and what a registry has. */
export function authRoutes(engine: AuthBackend): readonly Route[] {
  return [
    ['POST', '/auth', async (call) => authenticate(engine, call)],
    ['GET', '/distribution/:name*/json', async (call) => inspect(engine, call)],
  ];
}

async function authenticate({ registries }: AuthBackend, call: Call): Promise<void> {
  const auth = toAuth(await call.json());
  const { insecureRegistries } = registries();
  const domain = domainOfServer(auth.serverAddress ?? '');
  const { identityToken } = await login(domain, { insecureRegistries, auth, signal: call.signal });
  call.send(200, { Status: 'Login Succeeded', IdentityToken: identityToken ?? '' });
}

async function inspect({ registries }: AuthBackend, call: Call): Promise<void> {
  const reference = withDefaultTag(parseReference(call.params['name'] ?? ''));
  const auth = parseAuthHeader(call.request.headers['x-registry-auth']);
  const { insecureRegistries } = registries();
  const { descriptor, platforms } = await inspectDistribution(reference, {
    insecureRegistries,
    auth,
    signal: call.signal,
  });
  call.send(200, { Descriptor: descriptor, Platforms: platforms });
}
