import { setTimeout as sleep } from 'node:timers/promises';
import type { Context } from './context.ts';
import type { ContainerRecord } from './record.ts';
import { removeLocked } from './remove.ts';
import { restartDelay } from './restart-policy.ts';
import { startLocked } from './start.ts';

/** Does what containers ask for after a run: starts them again, or removes them. */
export function followRuns(context: Context): void {
  context.signals.on('restart', (id: string, delayMs: number) => void restartLater(context, id, delayMs));
  context.signals.on('remove', (id: string) => void removeAfterRun(context, id));
}

async function removeAfterRun(context: Context, id: string): Promise<void> {
  using _ = await context.lock.acquire(id);
  if (find(context, id) === undefined) return;
  await removeLocked(context, id, { volumes: true }).catch((error: unknown) =>
    context.log.error('container was not removed', { id, error: String(error) }),
  );
}

/** Unless somebody stopped or removed it meanwhile. */
async function restartLater(context: Context, id: string, delayMs: number): Promise<void> {
  await sleep(delayMs, undefined, { ref: false });
  if (context.closing.signal.aborted) return;
  using _ = await context.lock.acquire(id);
  const record = find(context, id);
  if (record?.state.status !== 'restarting' || record.manuallyStopped) return;
  const restartCount = record.restartCount + 1;
  try {
    await startLocked(context, id, { restartCount });
  } catch (error) {
    context.log.warn('container was not restarted', { container: record.name, error: String(error) });
    retry(context, id, restartCount);
  }
}

/** A start that failed counts as a run of no length. */
function retry(context: Context, id: string, restartCount: number): void {
  const record = context.records.get(id);
  const delayMs = restartDelay({ ...record, restartCount }, { exitCode: record.state.exitCode || 1, ranMs: 0 });
  const status = delayMs === undefined ? 'exited' : 'restarting';
  context.records.update(id, { restartCount, state: { ...record.state, status } });
  if (delayMs === undefined) context.signals.emit(`stopped:${id}`, record.state.exitCode);
  else void restartLater(context, id, delayMs);
}

function find({ records }: Context, id: string): ContainerRecord | undefined {
  return records.list().find((record) => record.id === id);
}
