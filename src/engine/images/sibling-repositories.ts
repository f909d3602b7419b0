import type { Digest } from '#oci/digest.ts';
import { parseReference, type Reference } from '#oci/reference.ts';
import type { ImagesContext } from './context.ts';
import { readConfig } from './read-document.ts';

/** More would be asked in vain more often than it saves. */
const LIMIT = 4;

/**
 * Other repositories of a registry that images with these layers came from or went to: the registry may take layers from there. Those that
 * share most come first.
 */
export async function siblingRepositories(
  { records, content, documents }: ImagesContext,
  { domain, path }: Reference,
  diffIds: readonly Digest[],
): Promise<string[]> {
  const wanted = new Set(diffIds);
  const shared = new Map<string, number>();
  for (const { id } of records.list()) {
    const names = records.names(id).digests.filter((name) => name.startsWith(`${domain}/`));
    if (names.length === 0) continue;
    const config = documents.get(id)?.config ?? (await readConfig(content, id));
    const count = config.rootfs.diff_ids.filter((diffId) => wanted.has(diffId)).length;
    for (const name of count === 0 ? [] : names) {
      const other = parseReference(name).path;
      if (other !== path) shared.set(other, Math.max(count, shared.get(other) ?? 0));
    }
  }
  return [...shared]
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, LIMIT)
    .map(([other]) => other);
}
