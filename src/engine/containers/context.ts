import { EventEmitter } from 'node:events';
import type { KeyedLock } from '#lib/keyed-lock.ts';
import type { Log } from '#lib/log.ts';
import type { Database } from '#lib/sqlite.ts';
import type { Events } from '#engine/events/events.ts';
import type { Images } from '#engine/images/images.ts';
import type { Networks } from '#engine/networks/networks.ts';
import type { Runtime } from '#engine/runtime/runtime.ts';
import type { Task } from '#engine/runtime/task.ts';
import type { Snapshotter } from '#engine/snapshots/snapshotter.ts';
import type { Streams } from '#engine/stdio/streams.ts';
import type { Volumes } from '#engine/volumes/volumes.ts';
import type { Exec } from './exec-record.ts';
import type { ContainerRecord } from './record.ts';
import type { HostCa } from './host-ca.ts';
import type { Records } from './records.ts';

/** What containers need of the rest of the engine. */
export interface ContainersDeps {
  database: Database;
  engineId: string;
  dataRoot: string;
  execRoot: string;
  images: Images;
  snapshots: Snapshotter;
  networks: Networks;
  volumes: Volumes;
  runtime: Runtime;
  events: Events;
  log: Log;
}

/** What the verbs of containers share. */
export interface Context extends ContainersDeps {
  hostCa: HostCa;
  records: Records;
  /** Running containers. */
  runs: Map<string, Run>;
  execs: Map<string, Exec>;
  /** Streams of a container, made on first use. */
  streamsOf(this: void, id: string): Streams;
  /** `restart` and `remove` with the id after a run; `exit:<id>`, `stopped:<id>` and `removed:<id>` with the code. */
  signals: EventEmitter;
  /** One of start, stop's first half, remove, rename, update at a time for each container. */
  lock: KeyedLock;
  /** Aborts when the engine lets go of its containers. */
  closing: AbortController;
  /** Folder of what is kept of a container: its log. */
  folderOf(this: void, id: string): string;
}

/** A container's process, while this engine knows it. */
export interface Run {
  task: Task;
  /** All of it is cleared away and the record says so. */
  done: Promise<void>;
  /** OOM kills counted so far. */
  oomKills: number;
  /** Somebody restarts it: `--rm` does not act on this end. */
  restarting?: boolean;
  /** Ends what belongs to the run: health checks, the connection to the streams. */
  stop: AbortController;
}

/** Publishes an event of a container with its labels, image and name. */
export function publish(
  { events }: Pick<Context, 'events'>,
  { id, name, config }: ContainerRecord,
  { action, attributes = {} }: { action: string; attributes?: Readonly<Record<string, string>> },
): void {
  const all = { ...config.labels, image: config.image, name, ...attributes };
  events.publish({ type: 'container', action, id, attributes: all });
}
