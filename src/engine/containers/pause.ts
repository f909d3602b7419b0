import { ConflictError } from '#lib/errors.ts';
import { type Context, publish } from './context.ts';

/** Freezes every process of a running container. @throws {NotFoundError}; {ConflictError} if it does not run or is paused already */
export async function pauseContainer(context: Context, name: string): Promise<void> {
  const { id } = context.records.find(name);
  using _ = await context.lock.acquire(id);
  const record = context.records.get(id);
  if (record.state.status === 'paused') throw new ConflictError(`container ${id} is already paused`);
  if (record.state.status === 'restarting')
    throw new ConflictError(`container ${id} is restarting, wait until the container is running`);
  if (record.state.status !== 'running') throw new ConflictError(`container ${id} is not running`);
  await context.runtime.pause(id);
  context.records.update(id, { state: { ...record.state, status: 'paused' } });
  publish(context, record, { action: 'pause' });
}

/** Lets a frozen container go on. @throws {NotFoundError}; {ConflictError} if it is not paused */
export async function unpauseContainer(context: Context, name: string): Promise<void> {
  const { id } = context.records.find(name);
  using _ = await context.lock.acquire(id);
  const record = context.records.get(id);
  if (record.state.status !== 'paused') throw new ConflictError(`Container ${id} is not paused`);
  await context.runtime.unpause(id);
  context.records.update(id, { state: { ...record.state, status: 'running' } });
  publish(context, record, { action: 'unpause' });
}
