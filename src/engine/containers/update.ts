import type { HostConfig, Resources, RestartPolicy } from '#api/host-config.ts';
import { ConflictError } from '#lib/errors.ts';
import { checkHostConfig } from './check-host-config.ts';
import { type Context, publish } from './context.ts';
import { isRunning } from './record.ts';
import { resourcesOf } from './resources.ts';

/** Changes limits and the restart policy; of a running container at once. @throws {NotFoundError}; {ConflictError}; {InvalidArgumentError} */
export async function updateContainer(
  context: Context,
  name: string,
  change: Partial<Resources & { restartPolicy: RestartPolicy }>,
): Promise<string[]> {
  const { records, lock, runtime } = context;
  const { id } = records.find(name);
  using _ = await lock.acquire(id);
  const record = records.get(id);
  if (record.state.status === 'removing' || record.state.status === 'dead')
    throw new ConflictError(`cannot update container ${id}: container is marked for removal and cannot be "update"`);
  const asked = Object.fromEntries(Object.entries(change).filter(([, value]) => !isNothing(value)));
  const hostConfig: HostConfig = { ...record.hostConfig, ...asked };
  const warnings = checkHostConfig(hostConfig, record.config, runtime.host);
  if (isRunning(record)) await runtime.update(id, resourcesOf(hostConfig, runtime.host));
  const updated = records.update(id, { hostConfig });
  publish(context, updated, { action: 'update' });
  return warnings;
}

/** Docker's client sends all limits, 0 and empty for those that shall stay. */
function isNothing(value: unknown): boolean {
  if (value === 0 || value === '' || value === undefined) return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === 'object' && value !== null && 'name' in value && value.name === '';
}
