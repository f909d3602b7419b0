import { ConflictError } from '#lib/errors.ts';
import { type Context, publish } from './context.ts';
import { type ContainerRecord, isRunning } from './record.ts';
import { parseSignal } from './signals.ts';

const SIGKILL = 9;

/** Sends a signal to a container's first process. @throws {NotFoundError}; {ConflictError} if it does not run; {InvalidArgumentError} */
export async function killContainer(context: Context, name: string, signal = 'KILL'): Promise<void> {
  const record = context.records.find(name);
  const number = parseSignal(signal === '' ? 'KILL' : signal);
  const run = context.runs.get(record.id);
  if (!isRunning(record) || run === undefined)
    throw new ConflictError(`cannot kill container: ${name}: container ${record.id} is not running`);
  if (isStopping(record, number)) context.records.update(record.id, { manuallyStopped: true });
  await sendSignal(context, record, number);
  if (number === SIGKILL) await run.done;
}

/** Docker's rule: who sends what stops the container does not want it started again. */
function isStopping({ config }: ContainerRecord, number: number): boolean {
  return number === SIGKILL || number === parseSignal(config.stopSignal || 'TERM');
}

/** A frozen container takes SIGKILL only when it is thawed. */
export async function sendSignal(context: Context, record: ContainerRecord, number: number): Promise<void> {
  const { runs, runtime } = context;
  runs.get(record.id)?.task.signal(number);
  publish(context, record, { action: 'kill', attributes: { signal: String(number) } });
  if (record.state.status === 'paused' && number === SIGKILL) await runtime.unpause(record.id).catch(() => {});
}
