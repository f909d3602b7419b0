import { parseFilters } from '#api/filters.ts';
import { imageSummaryToWire } from '#api/images.ts';
import { volumeToWire } from '#api/volumes.ts';
import type { Builder } from '#engine/builder/builder.ts';
import type { Containers } from '#engine/containers/containers.ts';
import { diskSizes, layersSize } from '#engine/images/disk-sizes.ts';
import { type ListedImage, listImages } from '#engine/images/list-images.ts';
import type { Volumes } from '#engine/volumes/volumes.ts';
import { InvalidArgumentError } from '#lib/errors.ts';
import type { Call, Route } from '../route.ts';
import { cacheRecordToWire } from './build-cache.ts';
import { summaryToWire } from './container-wire.ts';
import type { ImagesBackend } from './images.ts';

/** What `GET /system/df` needs of the engine. */
export interface DiskUsageBackend extends ImagesBackend {
  containers: Containers;
  volumes: Volumes;
  builder: Builder;
  volumeUsers(name: string): Promise<readonly string[]>;
}

const TYPES: readonly string[] = ['container', 'image', 'volume', 'build-cache'];
/** First version that asks for some types alone. */
const TYPES_SINCE = 142;

/** Engine API, tag System: what takes the space. */
export function diskUsageRoutes(engine: DiskUsageBackend): readonly Route[] {
  return [['GET', '/system/df', async (call) => call.send(200, await diskUsage(engine, call))]];
}

async function diskUsage(engine: DiskUsageBackend, { query, version }: Call): Promise<Record<string, unknown>> {
  const asked = version >= TYPES_SINCE ? query.getAll('type') : [];
  const unknown = asked.find((type) => !TYPES.includes(type));
  if (unknown !== undefined) throw new InvalidArgumentError(`unknown object type: ${unknown}`);
  const wants = (type: string): boolean => asked.length === 0 || asked.includes(type);
  const { context } = engine.images;
  const listed = wants('image') ? await listImages(context, parseFilters('', [])) : [];
  return {
    LayersSize: wants('image') ? await layersSize(context, listed) : 0,
    Images: wants('image') ? await images(engine, listed, version) : null,
    Containers: wants('container') ? await containers(engine) : null,
    Volumes: wants('volume') ? await volumes(engine) : null,
    BuildCache: wants('build-cache') ? await buildCache(engine) : null,
  };
}

async function images(
  engine: DiskUsageBackend,
  ...[listed, version]: [listed: readonly ListedImage[], version: number]
): Promise<unknown[]> {
  const users = await engine.imageUsers();
  const sizes = await diskSizes(engine.images.context, listed);
  return listed.map((image) => {
    const { size, shared } = sizes.get(image.id) ?? { size: image.size, shared: image.sharedSize };
    const onDisk = { ...image, size, sharedSize: shared };
    return imageSummaryToWire(onDisk, {
      version: Math.max(version, 151),
      sharedSize: true,
      containers: users.get(image.id)?.length ?? 0,
    });
  });
}

async function containers({ containers: noun }: DiskUsageBackend): Promise<unknown[]> {
  const all = await noun.list({ all: true, filters: parseFilters('', []), size: true });
  return all.map(summaryToWire);
}

async function volumes(engine: DiskUsageBackend): Promise<unknown[]> {
  return Promise.all(
    (await engine.volumes.list()).map(async (volume) => {
      const [size, users] = await Promise.all([engine.volumes.size(volume.name), engine.volumeUsers(volume.name)]);
      return volumeToWire(volume, { size, users: users.length });
    }),
  );
}

async function buildCache({ builder }: DiskUsageBackend): Promise<unknown[]> {
  return (await builder.usage()).map(cacheRecordToWire);
}
