import { type Filters, parseFilters } from '#api/filters.ts';
import { queryFlag } from '#api/query.ts';
import { parseVolumeCreate, volumeToWire } from '#api/volumes.ts';
import type { Events } from '#engine/events/events.ts';
import type { VolumeRecord, Volumes } from '#engine/volumes/volumes.ts';
import { ConflictError, NotFoundError, NotImplementedError } from '#lib/errors.ts';
import type { Call, Route } from '../route.ts';

/** What these routes need of the engine. */
export interface VolumesBackend {
  volumes: Volumes;
  /** Ids of the containers, running or not, that a volume is mounted into. */
  volumeUsers(name: string): Promise<readonly string[]>;
  events: Events;
}

/** Since this version a prune takes anonymous volumes alone, unless asked for all. */
const ANONYMOUS_ONLY_SINCE = 142;

/** Engine API, tag Volume. */
export function volumeRoutes(engine: VolumesBackend): readonly Route[] {
  const { volumes } = engine;
  const pruning = { now: false };
  return [
    ['GET', '/volumes', async (call) => listVolumes(engine, call)],
    [
      'POST',
      '/volumes/create',
      async (call) => call.send(201, volumeToWire(await volumes.create(parseVolumeCreate(await call.json())))),
    ],
    ['POST', '/volumes/prune', async (call) => pruneVolumes(engine, call, pruning)],
    ['GET', '/volumes/:name', async (call) => call.send(200, volumeToWire(await volumes.get(nameOf(call))))],
    [
      'PUT',
      '/volumes/:name',
      async () => {
        throw new NotImplementedError('cluster volumes are not served');
      },
    ],
    ['DELETE', '/volumes/:name', async (call) => removeVolume(engine, call)],
  ];
}

function nameOf({ params }: Call): string {
  return params['name'] ?? '';
}

async function listVolumes(engine: VolumesBackend, call: Call): Promise<void> {
  const filters = parseFilters(call.query.get('filters'), ['dangling', 'driver', 'label', 'name']);
  const dangling = filters.flag('dangling');
  const found: VolumeRecord[] = [];
  for (const volume of await engine.volumes.list()) {
    if (!filters.matches('name', volume.name) || !filters.exact('driver', volume.driver)) continue;
    if (!filters.labels(volume.labels)) continue;
    if (dangling !== undefined && ((await engine.volumeUsers(volume.name)).length === 0) !== dangling) continue;
    found.push(volume);
  }
  call.send(200, { Volumes: found.map((volume) => volumeToWire(volume)), Warnings: null });
}

async function removeVolume(engine: VolumesBackend, call: Call): Promise<void> {
  const name = nameOf(call);
  try {
    await engine.volumes.get(name);
    const users = await engine.volumeUsers(name);
    if (users.length > 0) throw new ConflictError(`remove ${name}: volume is in use - [${users.join(', ')}]`);
    await engine.volumes.remove(name);
  } catch (error) {
    if (!(error instanceof NotFoundError) || !queryFlag(call.query, 'force')) throw error;
  }
  call.send(204);
}

async function pruneVolumes(engine: VolumesBackend, call: Call, pruning: { now: boolean }): Promise<void> {
  if (pruning.now) throw new ConflictError('a prune operation is already running');
  pruning.now = true;
  try {
    await prune(engine, call);
  } finally {
    pruning.now = false;
  }
}

async function prune(engine: VolumesBackend, call: Call): Promise<void> {
  const filters = parseFilters(call.query.get('filters'), ['all', 'label', 'label!']);
  const removed: string[] = [];
  let reclaimed = 0;
  for (const volume of await engine.volumes.list()) {
    if (!isPruned(volume, filters, call.version)) continue;
    if ((await engine.volumeUsers(volume.name)).length > 0) continue;
    const bytes = await engine.volumes.size(volume.name);
    await engine.volumes.remove(volume.name);
    removed.push(volume.name);
    reclaimed += bytes;
  }
  engine.events.publish({ type: 'volume', action: 'prune', id: '', attributes: { reclaimed: String(reclaimed) } });
  call.send(200, { VolumesDeleted: removed.length === 0 ? null : removed, SpaceReclaimed: reclaimed });
}

function isPruned(volume: VolumeRecord, filters: Filters, version: number): boolean {
  const all = filters.flag('all') === true || version < ANONYMOUS_ONLY_SINCE;
  return (all || volume.anonymous) && filters.labels(volume.labels);
}
