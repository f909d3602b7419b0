import type { RegistryAuth } from '#api/auth-header.ts';

/** Credentials that this user keeps for the registry of an image; undefined = none. */
export async function registryAuth(_image: string): Promise<RegistryAuth | undefined> {
  return undefined;
}
