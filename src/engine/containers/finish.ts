import { setTimeout as sleep } from 'node:timers/promises';
import { CancelledError } from '#lib/errors.ts';
import type { Task } from '#engine/runtime/task.ts';
import { clearRun } from './clear-run.ts';
import { type Context, publish, type Run } from './context.ts';
import { startHealthchecks } from './health.ts';
import { watchLog } from './watch-log.ts';
import { watchMemory } from './watch-memory.ts';
import { restartDelay } from './restart-policy.ts';
import { saveState } from './save-state.ts';

/** A run that ends is cleared away, told, and followed by what its container asks for: a restart, or its removal. */
export function watchRun(
  context: Context,
  { id, task, streams }: { id: string; task: Task; streams: { ended: Promise<void>; close(): void } | undefined },
): Run {
  const stop = new AbortController();
  const run: Run = { task, stop, oomKills: 0, done: finish() };
  context.runs.set(id, run);
  startHealthchecks(context, id, stop.signal);
  void watchLog(context, id, stop.signal);
  void watchMemory(context, id, run);
  publishMounts(context, id, 'mount');
  return run;

  async function finish(): Promise<void> {
    const code = await task.exited;
    stop.abort(new CancelledError('the container ended'));
    if (streams !== undefined) await Promise.race([streams.ended, sleep(OUTPUT_GRACE_MS, undefined, { ref: false })]);
    streams?.close();
    await settle(context, id, code);
  }
}

/** Output that is still on its way from the supervisor when the exit code is there. */
const OUTPUT_GRACE_MS = 2000;

async function settle(context: Context, id: string, exitCode: number): Promise<void> {
  const { records, runs, signals, runtime } = context;
  const run = runs.get(id);
  const kills = await runtime.oomKills(id);
  const ranMs = Date.now() - records.get(id).state.startedAt;
  if (kills > (run?.oomKills ?? 0)) publish(context, records.get(id), { action: 'oom' });
  publish(context, records.get(id), {
    action: 'die',
    attributes: { exitCode: String(exitCode), execDuration: String(Math.round(ranMs / 1000)) },
  });
  await clearRun(context, id);
  publishMounts(context, id, 'unmount');
  // Read again: somebody may have stopped it meanwhile.
  const record = records.get(id);
  const { autoRemove } = record.hostConfig;
  const delayMs = run?.restarting === true ? undefined : restartDelay(record, { exitCode, ranMs });
  const status = delayMs === undefined ? ('exited' as const) : ('restarting' as const);
  const state = { ...record.state, status, exitCode, oomKilled: kills > 0, finishedAt: Date.now() };
  // Of one that goes with its end, a restarted engine finds out by itself that it ended.
  if (autoRemove) records.update(id, { task: undefined, state }, { keep: false });
  else saveState(context, id, { task: undefined, state });
  runs.delete(id);
  signals.emit(`exit:${id}`, exitCode);
  if (delayMs !== undefined) signals.emit('restart', id, delayMs);
  else {
    signals.emit(`stopped:${id}`, exitCode);
    if (autoRemove && run?.restarting !== true) signals.emit('remove', id);
  }
}

function publishMounts({ records, events }: Context, id: string, action: 'mount' | 'unmount'): void {
  for (const { type, name, driver = 'local', destination, propagation, writable } of records.get(id).mounts) {
    if (type !== 'volume' || name === undefined) continue;
    const place = action === 'mount' ? { destination, propagation, 'read/write': String(writable) } : {};
    events.publish({ type: 'volume', action, id: name, attributes: { container: id, driver, ...place } });
  }
}
