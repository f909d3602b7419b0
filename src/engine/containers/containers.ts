import type { EndpointConfig } from '#api/endpoint-config.ts';
import type { Filters } from '#api/filters.ts';
import type { NetworkRecord } from '#engine/networks/networks.ts';
import type { Resources, RestartPolicy } from '#api/host-config.ts';
import type { Change } from '#engine/snapshots/snapshotter.ts';
import type { Digest } from '#oci/digest.ts';
import { getArchive, type PathStat, putArchive, type PutOptions, statPath } from './archive.ts';
import { type Attachment, attachContainer, attachExec, type AttachRequest } from './attach-container.ts';
import { connectContainer, disconnectContainer } from './connect-network.ts';
import { containerChanges } from './changes.ts';
import { commitContainer, type CommitRequest } from './commit.ts';
import type { ContainersDeps } from './context.ts';
import { type CreateRequest, createContainer } from './create.ts';
import { type Description, describeContainer } from './describe.ts';
import { createExec, type ExecRequest, findExec, startExec } from './exec.ts';
import type { Exec } from './exec-record.ts';
import { killContainer } from './kill.ts';
import { listContainers } from './list.ts';
import { containerLogs, type LogsRequest } from './logs.ts';
import { openContext } from './open-context.ts';
import { exportContainer } from './export.ts';
import { pruneContainers } from './prune.ts';
import { type Sample, sampleContainer } from './stats.ts';
import { updateContainer } from './update.ts';
import { pauseContainer, unpauseContainer } from './pause.ts';
import { type ContainerRecord, isRunning } from './record.ts';
import { removeContainer, type RemoveOptions } from './remove.ts';
import { renameContainer } from './rename.ts';
import { resizeContainer, resizeExec } from './resize.ts';
import { restartContainer } from './restart.ts';
import { createRunOnce, type RunOnce } from './run-once.ts';
import { startContainer } from './start.ts';
import { stopContainer, type StopOptions } from './stop.ts';
import { topContainer } from './top.ts';
import { waitContainer, type WaitCondition } from './wait.ts';

type Size = { rows: number; columns: number };

/** All that can be done with containers. Names are names, ids or unique prefixes of ids. */
export interface Containers extends AsyncDisposable {
  /** Known containers, in no order. */
  records(): ContainerRecord[];
  create(request: CreateRequest): Promise<{ id: string; warnings: string[] }>;
  start(name: string): Promise<void>;
  stop(name: string, options?: StopOptions): Promise<void>;
  restart(name: string, options?: StopOptions): Promise<void>;
  kill(name: string, signal?: string): Promise<void>;
  pause(name: string): Promise<void>;
  unpause(name: string): Promise<void>;
  wait(name: string, options: { condition: WaitCondition; signal?: AbortSignal }): Promise<{ exitCode: number }>;
  remove(name: string, options?: RemoveOptions): Promise<void>;
  rename(name: string, to: string): Promise<void>;
  list(options: { all: boolean; limit?: number | undefined; filters: Filters; size: boolean }): Promise<Description[]>;
  inspect(name: string, options?: { size: boolean }): Promise<Description>;
  /** The record alone. */
  find(name: string): ContainerRecord;
  top(name: string, psArgs: string): Promise<{ titles: string[]; processes: string[][] }>;
  logs(name: string, request: LogsRequest): { framed: boolean; chunks: AsyncIterable<Uint8Array> };
  attach(name: string, request: AttachRequest): Attachment;
  resize(name: string, size: Size): Promise<void>;
  createExec(name: string, request: ExecRequest): Promise<string>;
  /** Without a client; answers when it runs. */
  startExec(id: string): Promise<void>;
  attachExec(id: string, options: { tty: boolean }): Attachment;
  resizeExec(id: string, size: Size): Promise<void>;
  findExec(id: string): Exec;
  /** Puts a container, running or not, into a further network. */
  connect(name: string, network: NetworkRecord, endpoint: EndpointConfig): Promise<void>;
  disconnect(name: string, network: NetworkRecord, options: { force: boolean }): Promise<void>;
  update(name: string, change: Partial<Resources & { restartPolicy: RestartPolicy }>): Promise<string[]>;
  statPath(name: string, path: string): Promise<PathStat>;
  getArchive(
    request: { name: string; path: string; signal?: AbortSignal },
    work: (stat: PathStat, tar: AsyncIterable<Uint8Array>) => Promise<void>,
  ): Promise<void>;
  putArchive(
    place: { name: string; path: string },
    archive: { source: AsyncIterable<Uint8Array>; options: PutOptions },
  ): Promise<void>;
  changes(name: string): Promise<Change[]>;
  export(
    request: { name: string; signal?: AbortSignal },
    work: (tar: AsyncIterable<Uint8Array>) => Promise<void>,
  ): Promise<void>;
  commit(name: string, request: CommitRequest): Promise<Digest>;
  /** Counters of now; undefined if it does not run. */
  sample(name: string): Promise<Sample | undefined>;
  prune(filters: Filters): Promise<{ ids: string[]; bytes: number }>;
  runOnce: RunOnce;
}

/** Opens the containers of an engine, and takes up those that run. Disposing lets go of them; they run on. */
export async function openContainers(deps: ContainersDeps): Promise<Containers> {
  const context = await openContext(deps);
  const { records, closing, runs } = context;
  return {
    records: () => records.list(),
    find: (name) => records.find(name),
    create: async (request) => createContainer(context, request),
    start: async (name) => startContainer(context, name),
    stop: async (name, options) => stopContainer(context, name, options),
    restart: async (name, options) => restartContainer(context, name, options),
    kill: async (name, signal) => killContainer(context, name, signal),
    pause: async (name) => pauseContainer(context, name),
    unpause: async (name) => unpauseContainer(context, name),
    wait: async (name, options) => waitContainer(context, name, options),
    remove: async (name, options) => removeContainer(context, name, options),
    rename: async (name, to) => renameContainer(context, name, to),
    list: async ({ size, ...options }) => {
      const found = await listContainers(context, options);
      return Promise.all(found.map(async (record) => describeContainer(context, record, { size })));
    },
    inspect: async (name, options = { size: false }) => describeContainer(context, records.find(name), options),
    top: async (name, psArgs) => topContainer(context, name, psArgs),
    logs: (name, request) => containerLogs(context, name, request),
    attach: (name, request) => attachContainer(context, name, request),
    resize: async (name, size) => resizeContainer(context, name, size),
    createExec: async (name, request) => createExec(context, name, request),
    startExec: async (id) => void (await startExec(context, id)),
    attachExec: (id, options) => attachExec(context, id, options),
    resizeExec: async (id, size) => resizeExec(context, id, size),
    findExec: (id) => findExec(context, id),
    connect: async (container, network, endpoint) => connectContainer(context, { container, network }, endpoint),
    disconnect: async (container, network, options) => disconnectContainer(context, { container, network }, options),
    update: async (name, change) => updateContainer(context, name, change),
    statPath: async (name, path) => statPath(context, name, path),
    getArchive: async (request, work) => getArchive(context, request, work),
    putArchive: async (place, archive) => putArchive(context, place, archive),
    changes: async (name) => containerChanges(context, name),
    export: async (request, work) => exportContainer(context, request, work),
    commit: async (name, request) => commitContainer(context, name, request),
    sample: async (name) => {
      const record = records.find(name);
      return isRunning(record) ? sampleContainer(context, record) : undefined;
    },
    prune: async (filters) => pruneContainers(context, filters),
    runOnce: createRunOnce(context),
    [Symbol.asyncDispose]: async () => {
      closing.abort();
      for (const run of runs.values()) run.stop.abort();
    },
  };
}
