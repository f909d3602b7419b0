import { ConflictError } from '#lib/errors.ts';
import { resizeTerminal } from '#engine/stdio/resize.ts';
import { type Context, publish } from './context.ts';
import { execFolder, findExec } from './exec.ts';
import { isRunning } from './record.ts';

/** Sets the size of a container's terminal. @throws {NotFoundError}; {ConflictError} if it does not run */
export async function resizeContainer(
  context: Context,
  name: string,
  size: { rows: number; columns: number },
): Promise<void> {
  const record = context.records.find(name);
  if (!isRunning(record)) throw new ConflictError(`container ${record.id} is not running`);
  await resizeTerminal(context.runtime.bundleOf(record.id), size);
  publish(context, record, {
    action: 'resize',
    attributes: { height: String(size.rows), width: String(size.columns) },
  });
}

/** The same for an exec. @throws {NotFoundError}; {ConflictError} if it does not run */
export async function resizeExec(context: Context, id: string, size: { rows: number; columns: number }): Promise<void> {
  const exec = findExec(context, id);
  if (exec.state !== 'running') throw new ConflictError(`exec ${id} is not running`);
  await resizeTerminal(execFolder(context, exec), size);
}
