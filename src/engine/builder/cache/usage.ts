import type { ImageStore } from '#engine/images/image.ts';
import type { LayerStore } from '#engine/layers/layer-store.ts';
import type { SnapshotName, SnapshotRecord, Snapshotter } from '#engine/snapshots/snapshotter.ts';
import { chainIds } from '#oci/chain-id.ts';
import type { StepUses } from './build-cache.ts';
import type { CacheMounts } from './cache-mounts.ts';
import type { CacheRecord, CacheRecordSource } from './cache-record.ts';
import type { StepRecord } from './step-records.ts';

/** What steps leave, as records of the cache. */
export function stepSource(deps: {
  layers: { steps(): StepRecord[]; forget(keys: Iterable<string>): void };
  layerFiles: LayerStore;
  snapshots: Snapshotter;
  images: Pick<ImageStore, 'list'>;
  uses: StepUses;
  /** Removes what no step needs any more. @returns bytes that came back */
  clean(): Promise<number>;
}): CacheRecordSource {
  const { layers, uses } = deps;
  return {
    list: () => listSteps(deps),
    async remove(ids) {
      const keys = [...ids].filter((id) => !uses.has(id));
      layers.forget(keys);
      return { ids: keys, bytes: keys.length === 0 ? 0 : await deps.clean() };
    },
  };
}

async function listSteps({
  layers,
  layerFiles,
  snapshots,
  images,
  uses,
}: Pick<Parameters<typeof stepSource>[0], 'layers' | 'layerFiles' | 'snapshots' | 'images' | 'uses'>): Promise<
  CacheRecord[]
> {
  const [all, listed] = await Promise.all([snapshots.list(), images.list()]);
  const byName = new Map(all.map((record) => [record.name, record]));
  const ofImages = new Set<SnapshotName>(listed.flatMap(({ config }) => chainIds(config.rootfs.diff_ids)));
  const steps = layers.steps();
  const known = new Set(steps.map(({ key }) => key));
  /** Steps may have left the same: it takes its space once. */
  const counted = new Set<SnapshotName>();
  return steps.map(({ key, parent, snapshot, titles, description, created, used, uses: count }) => ({
    id: key,
    kind: 'regular',
    parents: known.has(parent) ? [parent] : [],
    description,
    bytes: sizeOf(byName, { snapshot, count: titles.length, counted }, layerFiles),
    created,
    used,
    uses: count,
    isUsed: uses.has(key),
    isShared: snapshot !== undefined && ofImages.has(snapshot),
    isMutable: false,
  }));
}

/** Bytes of the uppermost layers of a stack: of a folder those of its files, of a layer file what it takes on the disk. */
function sizeOf(
  byName: ReadonlyMap<SnapshotName, SnapshotRecord>,
  { snapshot, count, counted }: { snapshot: SnapshotName | undefined; count: number; counted: Set<SnapshotName> },
  layerFiles: LayerStore,
): number {
  let bytes = 0;
  let name = snapshot;
  for (let left = count; left > 0 && name !== undefined; left--) {
    const record = byName.get(name);
    const file = record?.form === 'layer' && record.diffId !== undefined ? layerFiles.find(record.diffId) : undefined;
    if (!counted.has(name)) bytes += file?.diskBytes ?? record?.bytes ?? 0;
    counted.add(name);
    name = record?.parent;
  }
  return bytes;
}

/** Cache mounts as records of the cache. */
export function mountSource(mounts: CacheMounts): CacheRecordSource {
  return {
    async list() {
      return (await mounts.list()).map(({ folder, description, bytes, created, used, uses, isUsed }) => ({
        id: folder,
        kind: 'exec.cachemount',
        parents: [],
        description,
        bytes: bytes ?? 0,
        created,
        used,
        uses,
        isUsed,
        isShared: false,
        isMutable: true,
      }));
    },
    async remove(ids) {
      const sizes = new Map((await mounts.list()).map(({ folder, bytes }) => [folder, bytes ?? 0]));
      const removed: string[] = [];
      for (const folder of ids) if (await mounts.remove(folder)) removed.push(folder);
      return { ids: removed, bytes: removed.reduce((sum, folder) => sum + (sizes.get(folder) ?? 0), 0) };
    },
  };
}
