import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { SystemCounts, SystemFacts } from '#api/system.ts';
import type { Log } from '#lib/log.ts';
import type { Digest } from '#oci/digest.ts';
import { type Database, openDatabase } from '#lib/sqlite.ts';
import { type Builder, openBuilder } from './builder/builder.ts';
import type { GcSettings } from './builder/cache/gc-rules.ts';
import { type Containers, openContainers } from './containers/containers.ts';
import { type ContentStore, openContentStore } from './content/store.ts';
import { type EventLog, openEvents } from './events/events.ts';
import { readEngineId } from './identity.ts';
import { type Images, openImages } from './images/images.ts';
import { pullImage } from './images/pull.ts';
import type { ImageUser } from './images/remove-image.ts';
import { MIGRATIONS } from './migrations.ts';
import type { Networks } from './networks/networks.ts';
import { type NetworkOptions, openNetworks } from './networks/open-networks.ts';
import { engineProcesses } from './processes.ts';
import { findInitProgram } from './runtime/init-program.ts';
import { openTrainingRuns, type TrainingRuns } from './runs/training-runs.ts';
import { openRuntime, type Runtime } from './runtime/runtime.ts';
import type { LayerStore, MountForm } from './layers/layer-store.ts';
import { openLayers } from './layers/open-layers.ts';
import { openSnapshotter } from './snapshots/open-snapshotter.ts';
import type { Snapshotter } from './snapshots/snapshotter.ts';
import { imageUsers, volumeUsers } from './users.ts';
import { openVolumes } from './volumes/open-volumes.ts';
import type { Volumes } from './volumes/volumes.ts';
import { forwardsIpv4, readSystemFacts } from './system-facts.ts';

export interface EngineOptions {
  dataRoot: string;
  execRoot: string;
  network: NetworkOptions;
  /** Whether steps of builds may get the host's certificate authorities. */
  hostCa: boolean;
  /** How layers are mounted; undefined = as it works best. */
  layerMounts?: MountForm | undefined;
  /** When caches of builds are removed without being asked; undefined = as it is by default. */
  buildGc?: GcSettings | undefined;
  /** What can change while the engine runs; asked each time it is needed. */
  live(): LiveOptions;
  log: Log;
}

/** Settings that a reload renews. */
export interface LiveOptions {
  debug: boolean;
  labels: readonly string[];
  /** Hosts and networks to talk to without checking TLS. */
  insecureRegistries: readonly string[];
  /** Addresses of mirrors of Docker Hub, best first. */
  mirrors: readonly string[];
}

/** All nouns of the engine, wired. */
export interface Nouns {
  id: string;
  database: Database;
  events: EventLog;
  content: ContentStore;
  layers: LayerStore;
  snapshots: Snapshotter;
  images: Images;
  networks: Networks;
  volumes: Volumes;
  runtime: Runtime;
  containers: Containers;
  builder: Builder;
  trainingRuns: TrainingRuns;
}

export interface Engine extends Nouns, AsyncDisposable {
  facts: SystemFacts;
  counts(): Promise<SystemCounts>;
  /** Ids of the containers, running or not, that a volume is mounted into. */
  volumeUsers(name: string): Promise<readonly string[]>;
  /** Containers by the image they were made of. */
  imageUsers(): Promise<ReadonlyMap<Digest, readonly ImageUser[]>>;
  /** Settings for registries as they are now. */
  registries(): Pick<LiveOptions, 'insecureRegistries' | 'mirrors'>;
  /** As `GET /berth/status` answers it. */
  status(): Promise<Record<string, unknown>>;
}

/**
 * Opens the engine on its folders, whose locks the caller holds, and brings its records and the world in line. Disposing lets go of
 * everything; containers run on.
 */
export async function openEngine(options: EngineOptions): Promise<Engine> {
  const { dataRoot, execRoot, log } = options;
  await using resources = new AsyncDisposableStack();
  const nouns = await openNouns(options, resources);
  const facts = await readSystemFacts({
    id: nouns.id,
    dataRoot,
    execRoot,
    snapshotDriver: nouns.snapshots.driver,
    snapshotStatus: nouns.snapshots.status,
    addressPools: options.network.addressPools,
    runcVersion: nouns.runtime.programs.runc.version,
    conmonVersion: nouns.runtime.programs.conmon.version,
    initProgram: (await findInitProgram()) ?? '',
  });
  for (const warning of facts.warnings) log.warn(warning.replace(/^WARNING: /, ''));
  // What a former process was putting together when it died. The start does not wait for it.
  nouns.images.context.garbage
    .collect()
    .catch((error: unknown) => log.warn('removing unused layers failed', { error: String(error) }));
  const held = resources.move();
  const counts = async (): Promise<SystemCounts> => countAll(nouns, options.live());
  return {
    ...nouns,
    facts,
    counts,
    volumeUsers: async (name) => volumeUsers(nouns.containers, name),
    imageUsers: async () => imageUsers(nouns.containers),
    registries: () => options.live(),
    status: async () => statusOf(facts, await counts()),
    [Symbol.asyncDispose]: async () => held.disposeAsync(),
  };
}

/** Opens noun by noun, from the ground up: what comes later mends what it keeps in those before. */
async function openNouns(options: EngineOptions, resources: AsyncDisposableStack): Promise<Nouns> {
  const { dataRoot, execRoot, log, network } = options;
  const id = await readEngineId(dataRoot);
  const database = await openPrivateDatabase(join(dataRoot, 'engine.db'));
  resources.defer(() => database.close());
  const events = openEvents();
  const content = await openContentStore(join(dataRoot, 'content'));
  const layers = resources.use(await openLayers({ database, root: join(dataRoot, 'layers'), log }));
  const snapshots = resources.use(
    await openSnapshotter({ database, root: join(dataRoot, 'snapshots'), layers, log, form: options.layerMounts }),
  );
  const images = await openImages({ database, content, layers, snapshots, events, log });
  const runtime = resources.use(await openRuntime({ engineId: id, execRoot, log }));
  const roots = { database, engineId: id, dataRoot, execRoot, events, log };
  const networks = await openNetworks({ ...roots, options: network });
  resources.defer(async () => networks.close());
  const volumes = await openVolumes({ database, root: join(dataRoot, 'volumes'), events });
  const containers = resources.use(await openContainers({ ...roots, images, snapshots, networks, volumes, runtime }));
  const builder = resources.use(
    await openBuilder({
      ...roots,
      content,
      layerFiles: layers,
      snapshots,
      images,
      runOnce: async (request) => containers.runOnce({ ...request, hostCa: request.hostCa && options.hostCa }),
      pullImage: async (reference, pull) =>
        (await pullImage(images.context, reference, { ...options.live(), ...pull })).image,
      insecureRegistries: () => options.live().insecureRegistries,
      collectGarbage: async () => (await images.context.garbage.collect()).bytes,
      ...(options.buildGc !== undefined && { gc: options.buildGc }),
    }),
  );
  images.context.garbage.keep(async () => builder.usedSnapshots());
  const trainingRuns = openTrainingRuns(database);
  return { id, database, events, content, layers, snapshots, images, networks, volumes, runtime, containers, builder, trainingRuns }; // prettier-ignore
}

async function countAll({ events, containers, images }: Nouns, live: LiveOptions): Promise<SystemCounts> {
  const states = containers.records().map(({ state }) => state.status);
  const running = states.filter((status) => status === 'running' || status === 'restarting').length;
  const paused = states.filter((status) => status === 'paused').length;
  return {
    running,
    paused,
    stopped: states.length - running - paused,
    images: (await images.list()).length,
    ...live,
    listeners: events.listeners(),
    openFiles: (await readdir('/proc/self/fd')).length,
    ipv4Forwarding: await forwardsIpv4(),
  };
}

async function statusOf(facts: SystemFacts, counts: SystemCounts): Promise<Record<string, unknown>> {
  return {
    id: facts.id,
    version: facts.version,
    pid: facts.pid,
    startedAt: facts.startedAt,
    dataRoot: facts.dataRoot,
    execRoot: facts.execRoot,
    containers: { running: counts.running, paused: counts.paused, stopped: counts.stopped },
    images: counts.images,
    processes: await engineProcesses(facts),
  };
}

/** Containers' environments, with passwords in them, are in the records: only root may read the file. SQLite's others take its mode. */
async function openPrivateDatabase(path: string): Promise<Database> {
  const file = await open(path, 'a', 0o600);
  await file.close();
  return openDatabase(path, MIGRATIONS);
}
