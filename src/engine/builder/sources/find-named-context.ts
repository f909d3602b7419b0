import { InvalidArgumentError } from '#lib/errors.ts';
import { formatPlatform, type Platform } from '#oci/platform.ts';
import { familiarName, parseReference } from '#oci/reference.ts';
import type { BuildRequest } from '../request.ts';
import type { NamedContext } from './context-source.ts';

/**
 * What `--build-context` puts in the place of a stage or image: for this platform, or for all. `alpine` and `docker.io/library/alpine:latest`
 * are one name.
 */
export function findNamedContext(
  { namedContexts }: Pick<BuildRequest, 'namedContexts'>,
  name: string,
  platform: Platform,
): NamedContext | undefined {
  if (namedContexts.size === 0) return undefined;
  const wanted = contextName(name);
  const suffix = `::${formatPlatform(platform)}`;
  const find = (key: string): NamedContext | undefined => {
    for (const [written, context] of namedContexts) if (normalizedKey(written) === key) return context;
    return undefined;
  };
  return find(`${wanted}${suffix}`) ?? find(wanted);
}

function normalizedKey(written: string): string {
  const at = written.indexOf('::');
  return at < 0 ? contextName(written) : `${contextName(written.slice(0, at))}${written.slice(at)}`;
}

function contextName(name: string): string {
  try {
    return familiarName(parseReference(name.toLowerCase())).replace(/:latest$/, '');
  } catch (error) {
    if (error instanceof InvalidArgumentError) return name.toLowerCase();
    throw error;
  }
}
