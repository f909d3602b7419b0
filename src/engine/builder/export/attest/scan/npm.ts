import type { Root } from '#lib/files/open-root.ts';
import { packageUrl } from '#oci/package-url.ts';
import type { FoundPackage } from './found-package.ts';
import { readText } from './read-text.ts';

const LIMIT_BYTES = 1024 * 1024;

/** Whether a folder is one that a package lies in: `node_modules/name` or `node_modules/@scope/name`. */
export function isNodePackage(folder: string): boolean {
  return /(^|\/)node_modules\/(@[^/]+\/[^/@]+|[^/@.][^/]*)$/.test(folder);
}

/** A package of npm (npm, package.json); undefined if the folder holds none. */
export function readNodePackage(root: Root, folder: string): FoundPackage | undefined {
  const path = `${folder}/package.json`;
  const { name, version, license } = parse(readText(root, path, LIMIT_BYTES) ?? '');
  if (typeof name !== 'string' || typeof version !== 'string' || name === '') return undefined;
  const slash = name.lastIndexOf('/');
  const place = slash < 0 ? { name } : { namespace: name.slice(0, slash), name: name.slice(slash + 1) };
  return {
    type: 'npm',
    name,
    version,
    path,
    url: packageUrl({ type: 'npm', ...place, version }),
    ...(typeof license === 'string' && license !== '' && { license }),
  };
}

function parse(text: string): { name?: unknown; version?: unknown; license?: unknown } {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}
