import type { Context } from './context.ts';
import { publish } from './context.ts';
import { isRunning } from './record.ts';
import { startLocked } from './start.ts';
import { endRun, type StopOptions } from './stop.ts';

/** Stops a container if it runs, and starts it. @throws {NotFoundError} */
export async function restartContainer(context: Context, name: string, options: StopOptions = {}): Promise<void> {
  const { records, lock } = context;
  const { id } = records.find(name);
  using _ = await lock.acquire(id);
  const record = records.get(id);
  if (isRunning(record)) {
    // Neither its restart policy nor --rm may act on this end.
    records.update(id, { manuallyStopped: true });
    const run = context.runs.get(id);
    if (run !== undefined) run.restarting = true;
    await endRun(context, id, options);
  }
  await startLocked(context, id, { restartCount: 0 });
  publish(context, records.get(id), { action: 'restart' });
}
