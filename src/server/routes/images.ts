import { parseFilters } from '#api/filters.ts';
import { historyToWire, imageSummaryToWire, imageToWire, removedToWire } from '#api/images.ts';
import { queryFlag } from '#api/query.ts';
import type { Digest } from '#oci/digest.ts';
import { imageHistory } from '#engine/images/image-history.ts';
import type { Images } from '#engine/images/images.ts';
import { IMAGE_FILTERS, listImages } from '#engine/images/list-images.ts';
import { PRUNE_FILTERS, pruneImages } from '#engine/images/prune-images.ts';
import { type ImageUser, removeImage } from '#engine/images/remove-image.ts';
import { layerStates } from '#engine/images/layer-states.ts';
import { treePaths } from '#engine/images/tree-paths.ts';
import { InvalidArgumentError } from '#lib/errors.ts';
import type { Call, Route } from '../route.ts';
import { loadArchive, saveArchive } from './image-archives.ts';

/** What these routes need of the engine. */
export interface ImagesBackend {
  images: Images;
  /** Containers by the image they were made of. */
  imageUsers(): Promise<ReadonlyMap<Digest, readonly ImageUser[]>>;
}

/** Engine API, tag Image, but for what talks to registries. */
export function imageRoutes(engine: ImagesBackend): readonly Route[] {
  const { images } = engine;
  return [
    ['GET', '/images/json', async (call) => list(engine, call)],
    ['GET', '/images/:name*/json', async (call) => inspect(images, call)],
    ['GET', '/images/:name*/history', async (call) => history(images, call)],
    ['POST', '/images/:name*/tag', async (call) => tag(images, call)],
    ['DELETE', '/images/:name*', async (call) => remove(engine, call)],
    ['POST', '/images/prune', async (call) => prune(engine, call)],
    ['GET', '/images/get', async (call) => saveArchive(images, call, call.query.getAll('names').flatMap(splitNames))],
    ['GET', '/images/:name*/get', async (call) => saveArchive(images, call, [call.params['name'] ?? ''])],
    ['POST', '/images/load', async (call) => loadArchive(images, call)],
  ];
}

/** Both forms are in use: the parameter repeated, and names with commas between. */
function splitNames(names: string): string[] {
  return names.split(',').filter((name) => name !== '');
}

async function list(engine: ImagesBackend, call: Call): Promise<void> {
  const { query, version } = call;
  const filters = parseFilters(query.get('filters'), IMAGE_FILTERS);
  const [listed, users] = await Promise.all([listImages(engine.images.context, filters), engine.imageUsers()]);
  const sharedSize = queryFlag(query, 'shared-size');
  call.send(
    200,
    listed.map((image) =>
      imageSummaryToWire(image, { version, sharedSize, containers: users.get(image.id)?.length ?? 0 }),
    ),
  );
}

async function inspect(images: Images, call: Call): Promise<void> {
  const { snapshots } = images.context;
  const image = await images.get(call.params['name'] ?? '');
  const paths = image.top === undefined ? undefined : treePaths(snapshots, image.top);
  const layers = await layerStates(images.context, image.config.rootfs.diff_ids);
  call.send(200, imageToWire(image, { version: call.version, driver: snapshots.driver, paths, layers }));
}

async function history(images: Images, call: Call): Promise<void> {
  const image = await images.get(call.params['name'] ?? '');
  call.send(200, historyToWire(image, await imageHistory(images.context, image)));
}

async function tag(images: Images, call: Call): Promise<void> {
  const repository = call.query.get('repo') ?? '';
  const version = call.query.get('tag') ?? '';
  if (repository === '') throw new InvalidArgumentError('invalid reference format');
  await images.tag(call.params['name'] ?? '', version === '' ? repository : `${repository}:${version}`);
  call.send(201);
}

async function remove(engine: ImagesBackend, call: Call): Promise<void> {
  const name = call.params['name'] ?? '';
  const { id } = await engine.images.get(name);
  const users = (await engine.imageUsers()).get(id) ?? [];
  const removed = await removeImage(engine.images.context, name, { force: queryFlag(call.query, 'force'), users });
  call.send(200, removedToWire(removed));
}

async function prune(engine: ImagesBackend, call: Call): Promise<void> {
  const filters = parseFilters(call.query.get('filters'), PRUNE_FILTERS);
  const used = new Set((await engine.imageUsers()).keys());
  const removed = await pruneImages(engine.images.context, filters, { used });
  call.send(200, { ImagesDeleted: removedToWire(removed), SpaceReclaimed: removed.bytes });
}
