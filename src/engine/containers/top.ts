import { InvalidArgumentError, ConflictError } from '#lib/errors.ts';
import { run } from '#lib/run.ts';
import { cgroupProcesses } from '#linux/cgroup.ts';
import { type Context, publish } from './context.ts';
import { isRunning } from './record.ts';

/** Processes of a container as `ps` of the host shows them. @throws {NotFoundError}; {ConflictError}; {InvalidArgumentError} for bad options */
export async function topContainer(
  context: Context,
  name: string,
  psArgs: string,
): Promise<{ titles: string[]; processes: string[][] }> {
  const record = context.records.find(name);
  if (!isRunning(record)) throw new ConflictError(`container ${record.id} is not running`);
  const args = (psArgs === '' ? '-ef' : psArgs).split(/\s+/).filter(Boolean);
  if (args.some((arg) => !/^[\w,=:.%+-]+$/.test(arg)))
    throw new InvalidArgumentError(`invalid ps arguments: ${psArgs}`);
  const { host } = context.runtime;
  const pids = new Set((await cgroupProcesses(host.cgroups, context.runtime.groupOf(record.id))).map(String));
  const { stdout, stderr, code } = await run(['ps', ...args], { allowFailure: true });
  if (code !== 0) throw new InvalidArgumentError(`ps ${psArgs}: ${stderr.trim().split('\n')[0] ?? code}`);
  const [head = '', ...lines] = stdout.trimEnd().split('\n');
  const titles = head.trim().split(/\s+/);
  const column = titles.indexOf('PID');
  if (column < 0) throw new InvalidArgumentError("Couldn't find PID field in ps output");
  const rows = lines.map((line) => splitRow(line, titles.length));
  publish(context, record, { action: 'top' });
  return { titles, processes: rows.filter((row) => pids.has(row[column] ?? '')) };
}

/** The last column may hold spaces. */
function splitRow(line: string, columns: number): string[] {
  const words = line.trim().split(/\s+/);
  return [...words.slice(0, columns - 1), words.slice(columns - 1).join(' ')];
}
