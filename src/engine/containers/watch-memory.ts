import { setTimeout as sleep } from 'node:timers/promises';
import { type Context, publish, type Run } from './context.ts';

const INTERVAL_MS = 1000;

/** Tells when the kernel kills in a container with a memory limit, also when the container lives on. */
export async function watchMemory(context: Context, id: string, run: Run): Promise<void> {
  if (context.records.get(id).hostConfig.memory <= 0) return;
  const { signal } = run.stop;
  for (;;) {
    await sleep(INTERVAL_MS, undefined, { signal, ref: false }).catch(() => {});
    if (signal.aborted) return;
    const kills = await context.runtime.oomKills(id);
    if (kills > run.oomKills && !signal.aborted) publish(context, context.records.get(id), { action: 'oom' });
    run.oomKills = Math.max(kills, run.oomKills);
  }
}
