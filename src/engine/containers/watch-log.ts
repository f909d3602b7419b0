import { setTimeout as sleep } from 'node:timers/promises';
import { parseRotation, rotateLog } from '#engine/logs/rotate.ts';
import { reopenLog } from '#engine/stdio/resize.ts';
import type { Context } from './context.ts';
import { logPathOf } from './log-path.ts';

const INTERVAL_MS = 2000;

/** Keeps a running container's log within its limits until `signal` aborts. */
export async function watchLog(context: Context, id: string, signal: AbortSignal): Promise<void> {
  const record = context.records.get(id);
  const limits = parseRotation(record.hostConfig.logConfig.config);
  const path = logPathOf(context, record);
  if (limits === undefined || path === undefined) return;
  const bundle = context.runtime.bundleOf(id);
  for (;;) {
    await sleep(INTERVAL_MS, undefined, { signal, ref: false }).catch(() => {});
    if (signal.aborted) return;
    await rotateLog(path, limits, () => reopenLog(bundle)).catch((error: unknown) =>
      context.log.warn('log was not rotated', { container: record.name, error: String(error) }),
    );
  }
}
