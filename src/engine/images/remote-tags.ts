import type { RegistryAuth } from '#api/auth-header.ts';
import type { Reference } from '#oci/reference.ts';
import { openRepository } from '#registry/client/registry.ts';

/** All tags that a registry has of a repository. @throws {NotFoundError} {UnavailableError} */
export async function remoteTags(
  reference: Reference,
  options: { auth: RegistryAuth; insecureRegistries: readonly string[]; signal: AbortSignal },
): Promise<string[]> {
  using repository = openRepository(reference, 'pull', options);
  return await repository.listTags();
}
