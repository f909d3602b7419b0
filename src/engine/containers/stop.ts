import { setTimeout as sleep } from 'node:timers/promises';
import { NotModifiedError } from '#lib/errors.ts';
import { type Context, publish } from './context.ts';
import { sendSignal } from './kill.ts';
import { isRunning } from './record.ts';
import { parseSignal } from './signals.ts';

const DEFAULT_TIMEOUT_SECONDS = 10;
const SIGKILL = 9;
/** After SIGKILL a process that does not end is stuck in the kernel. */
const KILL_GRACE_MS = 10_000;

export interface StopOptions {
  signal?: string | undefined;
  /** -1 waits for ever. */
  timeoutSeconds?: number | undefined;
}

/** Asks a container to end, and kills it if it does not in time. @throws {NotFoundError}; {NotModifiedError} if it does not run */
export async function stopContainer(context: Context, name: string, options: StopOptions = {}): Promise<void> {
  const { records, lock } = context;
  const { id } = records.find(name);
  {
    using _ = await lock.acquire(id);
    const record = records.get(id);
    if (record.state.status === 'restarting') {
      records.update(id, { manuallyStopped: true, state: { ...record.state, status: 'exited' } });
      context.signals.emit(`stopped:${id}`, record.state.exitCode);
      return;
    }
    if (!isRunning(record)) throw new NotModifiedError('container is already stopped');
    records.update(id, { manuallyStopped: true });
  }
  await endRun(context, id, options);
}

/** Signal, wait, kill, wait; the container's record says that it is wanted stopped. */
export async function endRun(context: Context, id: string, { signal, timeoutSeconds }: StopOptions): Promise<void> {
  const record = context.records.get(id);
  const run = context.runs.get(id);
  if (run === undefined) return;
  const { config, state } = record;
  const seconds = timeoutSeconds ?? config.stopTimeout ?? DEFAULT_TIMEOUT_SECONDS;
  if (state.status === 'paused') await unfreeze(context, id);
  const first = parseSignal(signal || config.stopSignal || 'TERM');
  await sendSignal(context, context.records.get(id), first);
  if (seconds < 0) await run.done;
  else if (!(await endsWithin(run.done, seconds * 1000))) {
    await sendSignal(context, record, SIGKILL);
    if (!(await endsWithin(run.done, KILL_GRACE_MS))) await context.runtime.killAll(id);
    await run.done;
  }
  publish(context, record, { action: 'stop' });
}

async function unfreeze(context: Context, id: string): Promise<void> {
  await context.runtime.unpause(id);
  const { state } = context.records.get(id);
  context.records.update(id, { state: { ...state, status: 'running' } });
}

async function endsWithin(done: Promise<void>, timeoutMs: number): Promise<boolean> {
  const timer = new AbortController();
  const ended = done.then(() => true);
  const late = sleep(timeoutMs, false, { signal: timer.signal, ref: false }).catch(() => false);
  const result = await Promise.race([ended, late]);
  timer.abort();
  return result;
}
