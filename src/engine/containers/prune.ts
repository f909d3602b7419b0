import { parseFilters } from '#api/filters.ts';
import type { Context } from './context.ts';
import { isRunning } from './record.ts';
import { removeContainer } from './remove.ts';

export const PRUNE_FILTERS = ['label', 'label!', 'until'] as const;

/** Removes all containers that do not run. @returns their ids and the bytes that are free again */
export async function pruneContainers(
  context: Context,
  filters: ReturnType<typeof parseFilters>,
): Promise<{ ids: string[]; bytes: number }> {
  const { records, snapshots, events, log } = context;
  const until = filters.time('until');
  const ids: string[] = [];
  let bytes = 0;
  for (const record of records.list()) {
    const { id, config, state, created } = record;
    if (isRunning(record) || state.status === 'restarting' || state.status === 'removing') continue;
    if (!filters.labels(config.labels) || (until !== undefined && BigInt(created) * 1_000_000n >= until)) continue;
    try {
      const usage = await snapshots.usage(id);
      await removeContainer(context, id);
      bytes += usage.bytes;
      ids.push(id);
    } catch (error) {
      log.warn('container was not pruned', { id, error: String(error) });
    }
  }
  events.publish({ type: 'container', action: 'prune', id: '', attributes: { reclaimed: String(bytes) } });
  return { ids, bytes };
}
