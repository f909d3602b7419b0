import { rmdirSync } from 'node:fs';
import { access, mkdir, readdir, rm, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '#lib/log.ts';
import { run } from '#lib/run.ts';
import type { ProcessSpec, ResourcesSpec, RuntimeSpec } from '#oci/runtime-spec.ts';
import { cgroupFolders, killCgroup, removeCgroup } from '#linux/cgroup.ts';
import { becomeSubreaper } from '#linux/prctl.ts';
import { conmonExec, spawnConmon } from './conmon.ts';
import { type Exits, openExits } from './exits.ts';
import { setFrozen } from './freezer.ts';
import { type Groups, openGroups } from './groups.ts';
import { type Host, readHost } from './host.ts';
import { oomKills } from './oom.ts';
import { createReaper, type Reaper } from './reaper.ts';
import { specJson } from './spec-json.ts';
import { STARTED_BY_FIFO, startByFifo } from './start-fifo.ts';
import { openTask, type Task } from './task.ts';
import { findPrograms, type Programs } from './versions.ts';

/** Runs containers with runc under conmon. Everything it makes carries the engine's id. */
export interface Runtime extends AsyncDisposable {
  readonly host: Host;
  readonly programs: Programs;
  /** Folder of a container's bundle, which also holds its sockets. */
  bundleOf(id: string): string;
  /** Control group of a container, below every hierarchy. */
  groupOf(id: string): string;
  /** Puts what is not made yet below another control group of the host than the engine's; its bundle is there. @throws {InvalidArgumentError} */
  placeBelow(id: string, cgroupParent: string): Promise<void>;
  /** Starts the supervisor; the bundle may still be in the making. */
  prepare(id: string, options: TaskOptions): Prepared;
  /** Lets a created container run. */
  start(task: Task): Promise<void>;
  /** A further process in a running container. */
  exec(containerId: string, options: ExecOptions): Promise<{ pid: number; exited: Promise<number> }>;
  /** Takes up a container that a former engine process started. */
  adopt(task: { id: string; pid: number; conmonPid: number; startTicks: string }): Task;
  /** Whether a container that was created has been started. */
  isStarted(id: string): Promise<boolean>;
  pause(id: string): Promise<void>;
  unpause(id: string): Promise<void>;
  update(id: string, resources: ResourcesSpec): Promise<void>;
  /** How often the kernel killed in it for lack of memory. */
  oomKills(id: string): Promise<number>;
  /** Kills every process of it. */
  killAll(id: string): Promise<void>;
  /** Takes away what is left of a container that ended: control groups, the runtime's state, the exit file. Nothing left is fine. */
  remove(id: string): Promise<void>;
  /** Ids of all that has a bundle or state here, whoever remembers it. */
  leftovers(): Promise<string[]>;
}

export interface TaskOptions {
  log: string | undefined;
  terminal: boolean;
  stdin: boolean;
  leaveStdinOpen: boolean;
}

export interface Prepared {
  /** Writes the bundle's config and makes the container; its first process waits for `start`. */
  create(spec: RuntimeSpec): Promise<Task>;
  cancel(): void;
}

export interface ExecOptions {
  id: string;
  /** A folder of its own. */
  directory: string;
  process: ProcessSpec;
  stdin: boolean;
  /** Connects to the streams, before the process runs. */
  onReady: () => Promise<void>;
}

const CHECK_INTERVAL_MS = 2000;

interface Context {
  host: Host;
  programs: Programs;
  runcRoot: string;
  bundles: string;
  /** Control group above all that the engine makes. */
  parent: string;
  groups: Groups;
  supervisors: readonly string[];
  exits: Exits;
  tasks: Set<Task>;
  reaper: Reaper;
  log: Log;
}

/** @throws {UnavailableError} if runc or conmon is missing */
export async function openRuntime(options: { engineId: string; execRoot: string; log: Log }): Promise<Runtime> {
  const context = await openContext(options);
  const { host, programs, bundles, runcRoot, parent, groups, tasks, reaper } = context;
  const timer = setInterval(() => {
    for (const task of tasks) void task.check();
    void reaper.sweep();
  }, CHECK_INTERVAL_MS).unref();
  const groupOf = (id: string): string => groups.of(id);
  return {
    host,
    programs,
    groupOf,
    placeBelow: (id, cgroupParent) => groups.placeBelow(id, cgroupParent),
    bundleOf: (id) => join(bundles, id),
    prepare: (id, task) => prepare(context, id, task),
    start: async (task) => start(context, task),
    exec: async (containerId, exec) => execute(context, containerId, exec),
    adopt: (task) => watchTask(context, task),
    isStarted: async (id) => !(await exists(join(runcRoot, id, 'exec.fifo'))),
    pause: async (id) => setFrozen(host.cgroups, groupOf(id), true),
    unpause: async (id) => setFrozen(host.cgroups, groupOf(id), false),
    update: async (id, resources) => {
      const command = [programs.runc.path, `--root=${runcRoot}`, 'update', '--resources', '-', id] as const;
      await run(command, { input: JSON.stringify(resources) });
    },
    oomKills: async (id) => oomKills(host.cgroups, groupOf(id)),
    killAll: async (id) => killCgroup(host.cgroups, groupOf(id)),
    remove: async (id) => remove(context, id),
    leftovers: async () => {
      const names = await Promise.all([readdir(bundles), readdir(runcRoot), groupsBelow(host, parent)]);
      return [...new Set(names.flat())];
    },
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer);
      await close(context);
    },
  };
}

async function openContext({
  engineId,
  execRoot,
  log,
}: {
  engineId: string;
  execRoot: string;
  log: Log;
}): Promise<Context> {
  const [host, programs] = await Promise.all([readHost(), findPrograms()]);
  const runcRoot = join(execRoot, 'runc');
  const bundles = join(execRoot, 'containers');
  const parent = `/berth-${engineId}`;
  await Promise.all([runcRoot, bundles].map((path) => mkdir(path, { recursive: true, mode: 0o711 })));
  const exits = await openExits(join(execRoot, 'exits'));
  becomeSubreaper();
  const supervisors = await supervisorFolders(host, parent);
  return {
    host,
    programs,
    runcRoot,
    bundles,
    parent,
    groups: openGroups({ bundles, engineId, own: parent, cgroups: host.cgroups }),
    supervisors,
    exits,
    tasks: new Set(),
    reaper: createReaper(),
    log,
  };
}

function prepare(context: Context, id: string, options: TaskOptions): Prepared {
  const { programs, runcRoot, bundles, exits } = context;
  const bundle = join(bundles, id);
  const conmon = spawnConmon({
    id,
    bundle,
    runc: programs.runc.path,
    runcRoot,
    exitDirectory: exits.directory,
    onSpawn: async (pid) => moveSupervisor(context, pid),
    ...options,
  });
  return {
    async create(spec) {
      await exits.forget(id);
      await writeFile(join(bundle, 'config.json'), specJson(spec), { mode: 0o600 });
      const { pid, conmonPid } = await conmon.create();
      return watchTask(context, { id, pid, conmonPid });
    },
    cancel: () => conmon.cancel(),
  };
}

async function start({ programs, runcRoot }: Context, task: Task): Promise<void> {
  if (STARTED_BY_FIFO.has(programs.runc.version))
    await startByFifo(join(runcRoot, task.id, 'exec.fifo'), () => task.alive());
  else await run([programs.runc.path, `--root=${runcRoot}`, 'start', task.id]);
}

async function execute(
  context: Context,
  containerId: string,
  { id, directory, process: spec, stdin, onReady }: ExecOptions,
): Promise<{ pid: number; exited: Promise<number> }> {
  const processFile = join(directory, 'process.json');
  await writeFile(processFile, specJson(spec), { mode: 0o600 });
  return conmonExec({
    containerId,
    id,
    directory,
    processFile,
    runc: context.programs.runc.path,
    runcRoot: context.runcRoot,
    terminal: spec.terminal,
    stdin,
    onReady,
    onSpawn: async (pid) => moveSupervisor(context, pid),
  });
}

async function moveSupervisor({ supervisors }: Context, pid: number): Promise<void> {
  const files = supervisors.map((folder) => join(folder, 'cgroup.procs'));
  await Promise.all(files.map((file) => writeFile(file, String(pid)).catch(() => {})));
}

function watchTask({ exits, tasks, reaper }: Context, what: Parameters<typeof openTask>[1]): Task {
  const task = openTask(exits, what);
  tasks.add(task);
  const forget = async (): Promise<void> => {
    await task.exited;
    tasks.delete(task);
    task.release();
    reaper.add(task.conmonPid);
    setTimeout(() => void reaper.sweep(), REAP_AFTER_MS).unref();
  };
  void forget();
  return task;
}

/** A supervisor ends a moment after it wrote the exit file. */
const REAP_AFTER_MS = 30;

async function remove({ host, programs, runcRoot, groups, exits, log }: Context, id: string): Promise<void> {
  const group = groups.of(id);
  try {
    if (!removeEmptyGroup(host, group)) await removeCgroup(host.cgroups, group);
  } catch (error) {
    log.warn('container left processes behind', { id, error: String(error) });
    await killCgroup(host.cgroups, group);
    await run([programs.runc.path, `--root=${runcRoot}`, 'delete', '--force', id], { allowFailure: true });
    await removeCgroup(host.cgroups, group);
  }
  await Promise.all([rm(join(runcRoot, id), { recursive: true, force: true }), exits.forget(id), groups.forget(id)]);
}

/** The usual case in a tenth of a millisecond: no process is left and no group below. @returns whether it was so */
function removeEmptyGroup({ cgroups }: Host, group: string): boolean {
  return cgroupFolders(cgroups, group).every((folder) => {
    try {
      rmdirSync(folder);
      return true;
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'ENOENT';
    }
  });
}

async function close({ host, exits, tasks, supervisors, parent }: Context): Promise<void> {
  exits[Symbol.dispose]();
  for (const task of tasks) task.release();
  for (const folder of supervisors) await rmdir(folder).catch(() => {});
  for (const folder of cgroupFolders(host.cgroups, parent)) await rmdir(folder).catch(() => {});
}

/** Where the supervisors live, so that stopping the engine's own unit does not end them: a group beside the containers'. */
async function supervisorFolders({ cgroups }: Host, parent: string): Promise<string[]> {
  const roots = [cgroups.unified, cgroups.controllers.get('name=systemd')].filter((root) => root !== undefined);
  const made = roots.map(async (root) => {
    const folder = join(root, parent, SUPERVISORS);
    return mkdir(folder, { recursive: true }).then(
      () => [folder],
      () => [],
    );
  });
  return (await Promise.all(made)).flat();
}

const SUPERVISORS = 'supervisors';

async function groupsBelow({ cgroups }: Host, parent: string): Promise<string[]> {
  const entries = cgroupFolders(cgroups, parent).map((folder) =>
    readdir(folder, { withFileTypes: true }).catch(() => []),
  );
  return (await Promise.all(entries))
    .flat()
    .filter((entry) => entry.isDirectory() && entry.name !== SUPERVISORS)
    .map(({ name }) => name);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
