import { rm } from 'node:fs/promises';
import { ConflictError } from '#lib/errors.ts';
import { clearRun, removeBundle } from './clear-run.ts';
import { type Context, publish } from './context.ts';
import { sendSignal } from './kill.ts';
import { type ContainerRecord, isRunning } from './record.ts';

export interface RemoveOptions {
  /** Also its anonymous volumes. */
  volumes?: boolean;
  /** Kills it first. */
  force?: boolean;
}

const SIGKILL = 9;

/**
 * Takes a container away for good.
 * @throws {NotFoundError}; {ConflictError} if it runs (without `force`) or is being removed
 */
export async function removeContainer(context: Context, name: string, options: RemoveOptions = {}): Promise<void> {
  const { records, lock, runs } = context;
  const { id } = records.find(name);
  if (options.force === true) await killForRemoval(context, id);
  using _ = await lock.acquire(id);
  const record = records.find(id);
  if (record.state.status === 'removing') throw inProgress(name);
  if (isRunning(record) && options.force !== true) {
    const advice = record.state.status === 'paused' ? 'container is paused and must be unpaused first' : 'container is running: stop the container before removing or force remove'; // prettier-ignore
    throw new ConflictError(`cannot remove container "/${record.name}": ${advice}`);
  }
  if (isRunning(record)) await killForRemoval(context, id);
  await runs.get(id)?.done;
  if (records.list().some((candidate) => candidate.id === id)) await removeLocked(context, id, options);
}

/** Before the lock is waited for: a stop that waits for its timeout would hold up who wants it gone now. */
async function killForRemoval(context: Context, id: string): Promise<void> {
  const record = context.records.get(id);
  const run = context.runs.get(id);
  if (run === undefined || !isRunning(record)) return;
  context.records.update(id, { manuallyStopped: true }, { keep: false });
  await sendSignal(context, record, SIGKILL);
  await run.done;
}

/** The same for who holds the lock of a container without a process. */
export async function removeLocked(context: Context, id: string, { volumes = false }: RemoveOptions): Promise<void> {
  const { records, snapshots, signals } = context;
  const record = records.get(id);
  records.update(id, { state: { ...record.state, status: 'removing' } }, { keep: false });
  try {
    await clearRun(context, id);
    await removeBundle(context, id);
    await snapshots.remove(id).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    });
    await rm(context.folderOf(id), { recursive: true, force: true });
  } catch (error) {
    records.update(id, { state: { ...record.state, status: 'dead', error: String(error) } });
    throw error;
  }
  records.remove(id);
  for (const exec of context.execs.values()) if (exec.containerId === id) context.execs.delete(exec.id);
  if (volumes) await removeVolumes(context, record);
  publish(context, record, { action: 'destroy' });
  const { exitCode } = record.state;
  for (const what of ['removed', 'stopped', 'exit']) signals.emit(`${what}:${id}`, exitCode);
  context.streamsOf(id).fail(); // who waited for a start that will not be
  signals.emit('forget', id);
}

/** Anonymous ones that no other container uses. */
async function removeVolumes({ volumes, records, log }: Context, { mounts }: ContainerRecord): Promise<void> {
  const used = new Set(records.list().flatMap((other) => other.mounts.map(({ name }) => name)));
  for (const { name, anonymous } of mounts)
    if (name !== undefined && anonymous === true && !used.has(name))
      await volumes
        .remove(name)
        .catch((error: unknown) => log.warn('volume was not removed', { name, error: String(error) }));
}

function inProgress(name: string): ConflictError {
  return new ConflictError(`removal of container ${name} is already in progress`);
}

function isNotFound(error: unknown): boolean {
  return (error as { code?: string }).code === 'not-found';
}
