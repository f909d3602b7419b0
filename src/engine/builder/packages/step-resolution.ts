import { closeSync, readFileSync } from 'node:fs';
import { findRegular } from '#lib/files/open-regular.ts';
import { openRoot, type Root } from '#lib/files/open-root.ts';
import type { LockedPackage, Resolution } from '#ml/packages/build-lock.ts';
import { parseDpkgStatus } from '#ml/packages/installed.ts';
import { findDistributions } from './find-distributions.ts';

const DPKG_STATUS = '/var/lib/dpkg/status';
const STATUS_LIMIT_BYTES = 64 * 1024 * 1024;

/** The packages that a step installed or changed: what it left against what was below. */
export function resolutionOf({ upper, below }: { upper: string; below: string }): Resolution {
  using changed = openRoot(upper, { links: 'refuse' });
  using former = openRoot(below);
  const distributions = findDistributions(changed, { withFiles: false });
  const conda = distributions.filter(({ kind }) => kind === 'conda');
  const names = new Set(conda.map(({ name, version }) => `${name} ${version}`));
  const python = distributions.filter(
    ({ kind, name, version }) => kind === 'python' && !names.has(`${name} ${version}`),
  );
  return { python: inOrder(python), conda: inOrder(conda), apt: aptChanges(changed, former) };
}

/** Adds digests of archives, by name and version; those that a package has of itself stay. */
export function withDigests(
  resolution: Resolution,
  digests: readonly (ReadonlyMap<string, string> | undefined)[],
): Resolution {
  const python = resolution.python.map((locked): LockedPackage => {
    const known = digests
      .map((map) => map?.get(`${locked.name} ${locked.version}`))
      .find((found) => found !== undefined);
    return { ...locked, sha256: locked.sha256 ?? known };
  });
  return { ...resolution, python };
}

function inOrder(packages: readonly LockedPackage[]): LockedPackage[] {
  return packages
    .map(({ name, version, sha256, origin }) => ({ name, version, sha256, origin }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function aptChanges(changed: Root, former: Root): LockedPackage[] {
  const after = readStatus(changed);
  if (after === undefined) return [];
  const before = readStatus(former) ?? new Map<string, string>();
  return [...after]
    .filter(([name, version]) => before.get(name) !== version)
    .map(([name, version]) => ({ name, version }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function readStatus(root: Root): Map<string, string> | undefined {
  const file = findRegular(root, DPKG_STATUS);
  if (file === undefined) return undefined;
  try {
    return file.stats.size > STATUS_LIMIT_BYTES ? undefined : parseDpkgStatus(readFileSync(file.fd, 'utf8'));
  } finally {
    closeSync(file.fd);
  }
}
