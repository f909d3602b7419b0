import type { RegistryAuth } from '#api/auth-header.ts';
import { NotFoundError, PermissionDeniedError, UnauthenticatedError, UnavailableError } from '#lib/errors.ts';
import type { Descriptor } from '#oci/descriptor.ts';
import { familiarName, type Reference } from '#oci/reference.ts';
import { openRepository, type Repository, type RegistryOptions } from '#registry/client/registry.ts';

export interface PullSourceOptions {
  auth?: RegistryAuth | undefined;
  insecureRegistries?: readonly string[];
  mirrors?: readonly string[];
  signal?: AbortSignal | undefined;
  stallMs?: number;
}

/** A repository that has what is asked for, and the document a tag or digest stands for. */
export interface OpenedRoot {
  repository: Repository;
  root: Descriptor;
  bytes: Buffer;
}

/**
 * Asks the mirrors of Docker Hub, then the registry itself.
 * @throws {NotFoundError} also when access is refused, as Docker's engine does; {UnavailableError}
 */
export async function openPullSource(reference: Reference, options: PullSourceOptions): Promise<OpenedRoot> {
  const { auth, insecureRegistries = [], mirrors = [], signal, stallMs } = options;
  const shared = { insecureRegistries, signal, ...(stallMs !== undefined && { stallMs }) };
  for (const mirror of reference.domain === 'docker.io' ? mirrors : []) {
    const { domain, insecure } = mirrorOf(mirror);
    const own = { ...shared, insecureRegistries: insecure ? [domain, ...insecureRegistries] : insecureRegistries };
    try {
      return await openRoot({ ...reference, domain }, own);
    } catch (error) {
      if (!(error instanceof UnavailableError || error instanceof NotFoundError)) throw error;
    }
  }
  try {
    return await openRoot(reference, { ...shared, auth });
  } catch (error) {
    throw explain(error, reference);
  }
}

async function openRoot(reference: Reference, options: RegistryOptions): Promise<OpenedRoot> {
  const repository = openRepository(reference, 'pull', options);
  try {
    const { descriptor, bytes } = await repository.getManifest(reference.digest ?? reference.tag ?? 'latest');
    return { repository, root: descriptor, bytes };
  } catch (error) {
    repository[Symbol.dispose]();
    throw error;
  }
}

function mirrorOf(address: string): { domain: string; insecure: boolean } {
  return { domain: address.replace(/^https?:\/\//, '').replace(/\/.*$/, ''), insecure: address.startsWith('http://') };
}

function explain(error: unknown, reference: Reference): unknown {
  const { domain, path } = reference;
  const name = familiarName({ domain, path });
  if (error instanceof UnauthenticatedError || error instanceof PermissionDeniedError)
    return new NotFoundError(
      `pull access denied for ${name}, repository does not exist or may require 'docker login': ${error.why ?? error.message}`,
      { why: error.why ?? error.message, hint: `check the name, or log in: docker login ${domain}`, cause: error },
    );
  return error;
}
