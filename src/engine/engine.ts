import { readdir } from 'node:fs/promises';
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
  /** Whether debugging is on; asked at each `GET /info`. */
  debug(): boolean;
  network: NetworkOptions;
  labels: readonly string[];
  insecureRegistries: readonly string[];
  mirrors: readonly string[];
  log: Log;
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
  const database = openDatabase(join(dataRoot, 'engine.db'), MIGRATIONS);
  resources.defer(() => database.close());
  const events = openEvents();
  const content = await openContentStore(join(dataRoot, 'content'));
  const facts = await readSystemFacts({
    id,
    dataRoot,
    execRoot,
    snapshotDriver: 'overlay2',
    addressPools: options.network.addressPools,
    labels: options.labels,
    insecureRegistries: options.insecureRegistries,
    mirrors: options.mirrors,
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
        debug: options.debug(),
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
