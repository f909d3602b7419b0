import { chainIds } from '#oci/chain-id.ts';
import type { Digest } from '#oci/digest.ts';
import type { ImagesContext } from './context.ts';
import type { Image } from './image.ts';

/** What an image takes on the disk, bytes. */
export interface DiskSize {
  /** If it were here alone. */
  size: number;
  /** Of it, what stays when the image goes, because others need it as well. */
  shared: number;
}

/** A file or folder of a layer, whichever it is. */
interface Part {
  /** Bytes that it takes. */
  own: number;
  /** Bytes that it would take if nothing of it lay in other files. */
  whole: number;
  users: Set<Digest>;
  /** Images with layers that have content in it. */
  borrowers: Set<Digest>;
  /** Bytes of it that belong to them; asked when it matters. */
  lent: () => number;
}

/**
 * Sizes as they are on the disk: content that lies in the file of another layer is shared with whoever has that, and so is what others have in
 * a layer's file.
 */
export async function diskSizes(
  { layers, snapshots }: Pick<ImagesContext, 'layers' | 'snapshots'>,
  images: readonly Image[],
): Promise<Map<Digest, DiskSize>> {
  const folders = new Map((await snapshots.list()).map((record) => [record.name, record]));
  const parts = new Map<string, Part>();
  const partsOf = new Map<Digest, Part[]>();
  const partOf = (key: string, sizes: Pick<Part, 'own' | 'whole' | 'lent'>): Part => {
    const part = parts.get(key) ?? { ...sizes, users: new Set(), borrowers: new Set() };
    parts.set(key, part);
    return part;
  };
  for (const { id, config } of images) {
    const { diff_ids: diffIds } = config.rootfs;
    const used = new Set<Part>();
    for (const [index, name] of chainIds(diffIds).entries()) {
      const folder = folders.get(name);
      if (folder?.form === 'directory')
        used.add(partOf(`folder ${name}`, { own: folder.bytes, whole: folder.bytes, lent: () => 0 }));
      const file = layers.find(diffIds[index] ?? name);
      if (file === undefined) continue;
      const { diffId, diskBytes, tarBytes } = file;
      const whole = Math.max(diskBytes, tarBytes);
      used.add(partOf(diffId, { own: diskBytes, whole, lent: () => layers.lentBytes(diffId) }));
    }
    for (const part of used) part.users.add(id);
    partsOf.set(id, [...used]);
  }
  for (const { diffId, donors } of layers.list())
    for (const donor of donors)
      for (const user of parts.get(diffId)?.users ?? []) parts.get(donor)?.borrowers.add(user);
  return new Map([...partsOf].map(([id, used]) => [id, sizeOf(used)]));
}

function sizeOf(parts: readonly Part[]): DiskSize {
  const size = parts.reduce((sum, { whole }) => sum + whole, 0);
  const unique = parts.reduce((sum, part) => sum + uniqueBytes(part), 0);
  return { size, shared: size - unique };
}

/** What comes back when the only image of a part goes. */
function uniqueBytes({ own, users, borrowers, lent }: Part): number {
  if (users.size > 1) return 0;
  return borrowers.isSubsetOf(users) ? own : Math.max(0, own - lent());
}

/**
 * Bytes of the layers of images together, files and folders, those that only lend content to others included. What only the build cache has is
 * told by that.
 */
export async function layersSize(
  { layers, snapshots }: Pick<ImagesContext, 'layers' | 'snapshots'>,
  images: readonly Pick<Image, 'config'>[],
): Promise<number> {
  const diffIds = new Set(images.flatMap(({ config }) => config.rootfs.diff_ids));
  const names = new Set<string>(images.flatMap(({ config }) => chainIds(config.rootfs.diff_ids)));
  const committed = (await snapshots.list()).filter(({ kind }) => kind === 'committed');
  const folders = committed.filter(({ form, name }) => form === 'directory' && names.has(name));
  const bytes = folders.reduce((sum, folder) => sum + folder.bytes, 0);
  const others = new Set(
    committed.flatMap(({ form, diffId }) => (form === 'layer' && diffId !== undefined ? [diffId] : [])),
  );
  const files = layers.list().filter(({ diffId }) => diffIds.has(diffId) || !others.has(diffId));
  return files.reduce((sum, { diskBytes }) => sum + diskBytes, bytes);
}
