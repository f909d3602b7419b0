import { formatPlatform, type Platform } from './platform.ts';
import { familiarName, type Reference, withDefaultTag } from './reference.ts';

/** Names a package wherever it comes from (package-url specification). */
export interface PackageName {
  /** `deb`, `apk`, `rpm`, `pypi`, `npm`, `docker`, … */
  type: string;
  /** Distribution, scope or registry; with slashes between its parts. */
  namespace?: string;
  name: string;
  version?: string;
  qualifiers?: Readonly<Record<string, string>>;
}

/** `pkg:deb/debian/bash@5.2?arch=amd64`. */
export function packageUrl({ type, namespace, name, version, qualifiers = {} }: PackageName): string {
  const place = [...(namespace === undefined ? [] : namespace.split('/')), name].map(encode).join('/');
  const query = Object.entries(qualifiers)
    .filter(([, value]) => value !== '')
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${encode(value)}`)
    .join('&');
  const suffix = version === undefined || version === '' ? '' : `@${encode(version)}`;
  return `pkg:${type}/${place}${suffix}${query === '' ? '' : `?${query}`}`;
}

/** Of an image, as a registry knows it. */
export function imagePackageUrl(reference: Reference, platform: Platform | undefined): string {
  const { tag, digest, ...repository } = withDefaultTag(reference);
  const parts = familiarName(repository).split('/');
  return packageUrl({
    type: 'docker',
    ...(parts.length > 1 && { namespace: parts.slice(0, -1).join('/') }),
    name: parts.at(-1) ?? '',
    ...(tag !== undefined && { version: tag }),
    qualifiers: {
      ...(digest !== undefined && { digest }),
      ...(platform !== undefined && { platform: formatPlatform(platform) }),
    },
  });
}

/** Colons stay as they are (package-url specification, character encoding). */
function encode(text: string): string {
  return encodeURIComponent(text).replaceAll('%3A', ':');
}
