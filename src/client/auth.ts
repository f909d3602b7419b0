import type { RegistryAuth } from '#api/auth-header.ts';
import { callJson } from './call.ts';
import type { Client } from './transport.ts';

/** `POST /auth`: whether a registry takes these credentials. @throws {UnauthenticatedError} if not */
export async function checkCredentials(
  client: Client,
  { username, password, serverAddress }: RegistryAuth,
): Promise<{ identityToken: string | undefined }> {
  const json = { username, password, serveraddress: serverAddress };
  const { IdentityToken } = await callJson<{ IdentityToken?: string }>(client, ['POST', '/auth'], { json });
  return { identityToken: IdentityToken || undefined };
}
