import type { RegistryAuth } from '#api/auth-header.ts';
import { findCredentials } from '#client/auth-config.ts';
import { BerthError } from '#lib/errors.ts';
import { parseReference } from '#oci/reference.ts';

/** Docker Hub in the words of a build's credentials. */
const HUB = 'https://index.docker.io/v1/';

/** Credentials that this user keeps for the registry of an image; undefined = none. */
export async function registryAuth(image: string): Promise<RegistryAuth | undefined> {
  return findCredentials(parseReference(image).domain);
}

/** Credentials for the registries of several images, as a build is sent them; a name that is none asks for nothing. */
export async function registryAuths(images: readonly string[]): Promise<Record<string, RegistryAuth>> {
  const found: Record<string, RegistryAuth> = {};
  for (const domain of new Set(images.flatMap(domainOf))) {
    const auth = await findCredentials(domain);
    if (auth !== undefined) found[serverAddress(domain)] = auth;
  }
  return found;
}

function domainOf(image: string): string[] {
  try {
    return [parseReference(image).domain];
  } catch (error) {
    if (error instanceof BerthError) return [];
    throw error;
  }
}

/** The registry that a person names: a host, an address, or nothing for Docker Hub. */
export function registryDomain(server: string | undefined): string {
  const host = (server ?? '')
    .replace(/^https?:\/\//, '')
    .replace(/\/.*$/, '')
    .toLowerCase();
  return ['', 'index.docker.io', 'registry-1.docker.io'].includes(host) ? 'docker.io' : host;
}

/** A registry as credentials name it. */
export function serverAddress(domain: string): string {
  return domain === 'docker.io' ? HUB : domain;
}
