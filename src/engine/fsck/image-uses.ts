import type { ImagesContext } from '#engine/images/context.ts';
import { readConfig } from '#engine/images/read-document.ts';
import { chainIds } from '#oci/chain-id.ts';
import type { Digest } from '#oci/digest.ts';
import { familiarName, parseReference } from '#oci/reference.ts';

/** Which images need what. */
export interface ImageUses {
  /** How a person calls an image: its tags, or its short id. */
  nameOf(id: Digest): string;
  ofLayer(diffId: Digest): string[];
  ofSnapshot(name: string): string[];
}

/** Reads what the images are made of; one whose config cannot be read counts with none of it. */
export async function readImageUses({ records, content }: ImagesContext): Promise<ImageUses> {
  const byLayer = new Map<string, string[]>();
  const bySnapshot = new Map<string, string[]>();
  const nameOf = (id: Digest): string => {
    const { tags, digests } = records.names(id);
    const names = (tags.length > 0 ? tags : digests).map((name) => familiarName(parseReference(name)));
    return names.length > 0 ? names.join(', ') : id.slice('sha256:'.length, 'sha256:'.length + 12);
  };
  for (const { id } of records.list()) {
    const config = await readConfig(content, id).catch(() => undefined);
    for (const diffId of config?.rootfs.diff_ids ?? []) add(byLayer, diffId, nameOf(id));
    for (const name of chainIds(config?.rootfs.diff_ids ?? [])) add(bySnapshot, name, nameOf(id));
  }
  return {
    nameOf,
    ofLayer: (diffId) => byLayer.get(diffId) ?? [],
    ofSnapshot: (name) => bySnapshot.get(name) ?? [],
  };
}

function add(table: Map<string, string[]>, key: string, name: string): void {
  const names = table.get(key) ?? [];
  if (!names.includes(name)) table.set(key, [...names, name]);
}
