import { access } from 'node:fs/promises';
import { lockFolder } from '#engine/identity.ts';
import { purgeEngine } from '#engine/purge.ts';
import { createLog } from '#lib/log.ts';
import { requireRoot } from './check-host.ts';
import { readSettings } from './settings.ts';

/**
 * `berthd engine purge`: takes away everything an engine that does not run has on this host, its data too.
 * @throws {ConflictError} if it runs
 */
export async function purge(args: readonly string[]): Promise<void> {
  const { dataRoot, execRoot } = await readSettings(args);
  requireRoot();
  const log = createLog((line) => process.stderr.write(line), 'warn');
  await using locks = new AsyncDisposableStack();
  if (await exists(dataRoot)) locks.use(await lockFolder(dataRoot, 'data root'));
  if (await exists(execRoot)) locks.use(await lockFolder(execRoot, 'exec root'));
  const left = await purgeEngine({ dataRoot, execRoot, log });
  if (left.length > 0) log.warn('files of others were left in the data root', { dataRoot, names: left.join(', ') });
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
