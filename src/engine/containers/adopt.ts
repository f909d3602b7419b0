import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { clearRun, removeBundle } from './clear-run.ts';
import type { Context } from './context.ts';
import { watchRun } from './finish.ts';
import { type ContainerRecord, isRunning } from './record.ts';
import { removeLocked } from './remove.ts';
import { logPathOf } from './log-path.ts';

/**
 * Brings records and world in line after a start of the engine: containers that run are taken up with their streams, those that ended
 * meanwhile are told with their exit codes, what belongs to nobody is cleared away, and restart policies are followed.
 */
export async function adoptContainers(context: Context): Promise<void> {
  const { records, networks } = context;
  await clearLeftovers(context);
  await Promise.all(
    records
      .list()
      .filter(isRunning)
      .map(async (record) => adopt(context, record)),
  );
  await networks.reconcile(new Set(context.runs.keys()));
  for (const record of records.list()) await settleStopped(context, record);
}

/** What has a bundle, a tree or a folder but no record, and what a start that was cut off left. */
async function clearLeftovers(context: Context): Promise<void> {
  const { records, runtime, snapshots, log, execRoot } = context;
  const known = new Map(records.list().map((record) => [record.id, record]));
  for (const id of await runtime.leftovers()) {
    const record = known.get(id);
    if (record !== undefined && isRunning(record)) continue;
    await runtime.killAll(id).catch(() => {});
    await clearRun(context, id);
    if (record === undefined) await removeBundle(context, id);
  }
  for (const { name, kind } of await snapshots.list())
    if (kind === 'active' && /^[0-9a-f]{64}$/.test(name) && !known.has(name))
      await snapshots
        .remove(name)
        .catch((error: unknown) => log.warn('tree was left behind', { name, error: String(error) }));
  const folders = join(context.dataRoot, 'containers');
  for (const id of await readdir(folders))
    if (!known.has(id)) await rm(join(folders, id), { recursive: true, force: true });
  await rm(join(execRoot, 'exec'), { recursive: true, force: true });
}

async function adopt(context: Context, record: ContainerRecord): Promise<void> {
  const { id, task } = record;
  const { runtime, streamsOf, log } = context;
  if (task === undefined || !(await runtime.isStarted(id))) {
    await runtime.killAll(id).catch(() => {});
    await clearRun(context, id);
    context.records.update(id, {
      task: undefined,
      state: { ...record.state, status: 'exited', exitCode: LOST, finishedAt: Date.now() },
    });
    return;
  }
  const adopted = runtime.adopt({ id, ...task });
  const streams = await streamsOf(id)
    .connect(join(runtime.bundleOf(id), 'attach'))
    .catch((error: unknown) => {
      if (adopted.alive())
        log.warn('container runs without its supervisor: its output is lost', { id, error: String(error) });
      return undefined;
    });
  watchRun(context, { id, task: adopted, streams });
  if (!adopted.alive()) {
    // Ended while no engine was there: two looks, and the code is there or lost.
    await adopted.check();
    await adopted.check();
    await context.runs.get(id)?.done;
  }
}

const LOST = 255;

/** Containers without a process: those to be removed go, and policies that start them again do. */
async function settleStopped(context: Context, record: ContainerRecord): Promise<void> {
  const { records, signals, log } = context;
  const now = records.list().find(({ id }) => id === record.id);
  if (now === undefined || isRunning(now)) return;
  const { id, state, hostConfig, manuallyStopped } = now;
  logPathOf(context, now);
  if (state.status === 'removing' || state.status === 'dead' || (hostConfig.autoRemove && state.startedAt > 0)) {
    await removeLocked(context, id, { volumes: hostConfig.autoRemove }).catch((error: unknown) =>
      log.error('container was not removed', { id, error: String(error) }),
    );
    return;
  }
  const { name } = hostConfig.restartPolicy;
  const wanted = name === 'always' || (name === 'unless-stopped' && !manuallyStopped);
  if ((wanted && state.startedAt > 0) || state.status === 'restarting') {
    records.update(id, { state: { ...state, status: 'restarting' } });
    signals.emit('restart', id, 0);
  }
}
