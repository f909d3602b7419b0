import { join } from 'node:path';
import type { Context } from './context.ts';
import type { ContainerRecord } from './record.ts';

/** Where a container's log is kept; undefined if it keeps none. */
export function logPathOf(
  { folderOf }: Pick<Context, 'folderOf'>,
  { id, hostConfig }: Pick<ContainerRecord, 'id' | 'hostConfig'>,
): string | undefined {
  return hostConfig.logConfig.type === 'none' ? undefined : join(folderOf(id), 'container.log');
}
