import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { SystemCounts, SystemFacts } from '#api/system.ts';
import type { Log } from '#lib/log.ts';
import { type Database, openDatabase } from '#lib/sqlite.ts';
import { type ContentStore, openContentStore } from './content/store.ts';
import { type EventLog, openEvents } from './events/events.ts';
import { lockFolder, readEngineId } from './identity.ts';
import { MIGRATIONS } from './migrations.ts';
import { forwardsIpv4, readSystemFacts } from './system-facts.ts';

export interface EngineOptions {
  dataRoot: string;
  execRoot: string;
  network: NetworkOptions;
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

/** Settings of the default bridge and the pools of other networks. */
export interface NetworkOptions {
  /** Address of the default bridge with its prefix, `10.88.0.1/16`; undefined = chosen. */
  bridgeAddress: string | undefined;
  addressPools: readonly { base: string; size: number }[];
  /** For containers, instead of the host's. */
  dns: readonly string[];
  mtu: number | undefined;
}

export interface Engine extends AsyncDisposable {
  id: string;
  facts: SystemFacts;
  database: Database;
  content: ContentStore;
  events: EventLog;
  counts(): Promise<SystemCounts>;
  status(): Promise<Record<string, unknown>>;
  /** Lets go of everything; containers run on. */
  close(): Promise<void>;
}

/**
 * Opens the engine on its folders and brings its records and the world in line.
 * @throws {ConflictError} if another process has one of the folders
 */
export async function openEngine(options: EngineOptions): Promise<Engine> {
  const { dataRoot, execRoot, log } = options;
  await using resources = new AsyncDisposableStack();
  resources.use(await lockFolder(dataRoot, 'data root'));
  resources.use(await lockFolder(execRoot, 'exec root'));
  const id = await readEngineId(dataRoot);
  const database = await openPrivateDatabase(join(dataRoot, 'engine.db'));
  resources.defer(() => database.close());
  const events = openEvents();
  const content = await openContentStore(join(dataRoot, 'content'));
  const facts = await readSystemFacts({
    id,
    dataRoot,
    execRoot,
    snapshotDriver: 'overlay2',
    addressPools: options.network.addressPools,
  });
  for (const warning of facts.warnings) log.warn(warning.replace(/^WARNING: /, ''));
  const held = resources.move();
  const close = async (): Promise<void> => held.disposeAsync();
  return {
    id,
    facts,
    database,
    content,
    events,
    close,
    [Symbol.asyncDispose]: close,

    async counts() {
      return {
        running: 0,
        paused: 0,
        stopped: 0,
        images: 0,
        ...options.live(),
        listeners: events.listeners(),
        openFiles: (await readdir('/proc/self/fd')).length,
        ipv4Forwarding: await forwardsIpv4(),
      };
    },

    async status() {
      return { id };
    },
  };
}

/** Containers' environments, with passwords in them, are in the records: only root may read the file. SQLite's others take its mode. */
async function openPrivateDatabase(path: string): Promise<Database> {
  const file = await open(path, 'a', 0o600);
  await file.close();
  return openDatabase(path, MIGRATIONS);
}
