import { InvalidArgumentError } from '#lib/errors.ts';
import { type Context, publish } from './context.ts';

/** @throws {NotFoundError}; {ConflictError} if the name is taken; {InvalidArgumentError} */
export async function renameContainer(context: Context, name: string, to: string): Promise<void> {
  const { id } = context.records.find(name);
  using _ = await context.lock.acquire(id);
  const record = context.records.get(id);
  const bare = to.replace(/^\//, '');
  if (bare === '') throw new InvalidArgumentError('Neither old nor new names may be empty');
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(bare))
    throw new InvalidArgumentError(`Invalid container name (${bare}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`);
  if (bare === record.name)
    throw new InvalidArgumentError('Renaming a container with the same name as its current name');
  const renamed = context.records.update(id, { name: bare });
  await context.networks.rename(id, bare);
  publish(context, renamed, { action: 'rename', attributes: { oldName: `/${record.name}` } });
}
