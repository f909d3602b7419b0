import type { Context } from './context.ts';
import type { ContainerRecord } from './record.ts';

/**
 * Changes a record for something that has happened, whether the disk takes it or not: on a full one this process knows it, and a later one
 * finds it out.
 */
export function saveState(
  { records, log }: Pick<Context, 'records' | 'log'>,
  id: string,
  change: Partial<ContainerRecord>,
): void {
  try {
    records.update(id, change);
  } catch (error) {
    log.error('state of a container was not written', { id, error: String(error) });
    records.update(id, change, { keep: false });
  }
}
