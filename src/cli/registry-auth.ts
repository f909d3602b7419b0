import type { RegistryAuth } from '#api/auth-header.ts';

/** Credentials that this user keeps for the registry of an image; undefined = none. */
export async function registryAuth(_image: string): Promise<RegistryAuth | undefined> {
  return undefined;
}

/** All credentials that this user keeps, by registry, as a build is sent them. */
export async function registryAuths(): Promise<Record<string, RegistryAuth> | undefined> {
  return undefined;
}
