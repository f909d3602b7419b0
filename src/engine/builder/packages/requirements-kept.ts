import { closeSync, readFileSync } from 'node:fs';
import { normalName } from '#ml/packages/installed.ts';
import { findRegular } from '#lib/files/open-regular.ts';
import { openRoot, type Root } from '#lib/files/open-root.ts';
import type { Distribution } from './find-distributions.ts';
import { findDistributions } from './find-distributions.ts';

const METADATA_LIMIT_BYTES = 4 * 1024 * 1024;

/**
 * Whether distributions that took the place of others need all that those needed, as far as names, extras and markers go: otherwise something
 * may lie there that nothing needs any more.
 * @param trees that hold the former ones, uppermost first
 */
export function keepsRequirements(changed: Root, fresh: readonly Distribution[], trees: readonly string[]): boolean {
  const former = new Map<string, ReadonlySet<string>>();
  for (const tree of trees.toReversed()) {
    using root = openRoot(tree, { links: 'refuse' });
    for (const { name, record } of findDistributions(root, { withFiles: false }))
      former.set(name, requirementsOf(root, record));
  }
  return fresh.every(({ name, record }) => {
    const before = former.get(name);
    if (before === undefined) return true;
    const now = requirementsOf(changed, record);
    return [...before].every((requirement) => now.has(requirement));
  });
}

/** What METADATA says is needed, without versions. */
function requirementsOf(root: Root, record: string): Set<string> {
  const file = findRegular(root, `${record}/METADATA`);
  if (file === undefined) return new Set();
  try {
    if (file.stats.size > METADATA_LIMIT_BYTES) return new Set();
    const [head = ''] = readFileSync(file.fd, 'utf8').split(/\r?\n\r?\n/, 1);
    return new Set([...head.matchAll(/^Requires-Dist:\s*(.*)$/gim)].map(([, text = '']) => identityOf(text)));
  } finally {
    closeSync(file.fd);
  }
}

function identityOf(text: string): string {
  const [, name = text, extras = '', marker = ''] =
    /^([A-Za-z0-9][\w.-]*)\s*(\[[^\]]*\])?[^;]*(;.*)?$/.exec(text.trim()) ?? [];
  return `${normalName(name)}${extras.replace(/\s+/g, '').toLowerCase()}${plainMarker(marker)}`;
}

/** A marker however its builder writes it: spaces, quotes, and names of extras (PEP 685). */
function plainMarker(marker: string): string {
  const plain = marker.replace(/\s+/g, '').replaceAll("'", '"');
  return plain.replace(/(?<=extra==")[^"]+/g, (extra) => normalName(extra));
}
