import { humanBytes } from '#api/progress.ts';
import { lastValue, type RunMetric, type TrainingRun } from '#api/training-run.ts';
import { openRunStore } from '#project/runs/run-store.ts';
import { type Context, defineCommand } from '../../command.ts';
import { valueText } from './ls.ts';

/** `berth runs show` */
export const show = defineCommand({
  usage: '[options] RUN',
  options: {
    diff: { kind: 'flag', help: 'Also what differed from the commit' },
    json: { kind: 'flag', help: 'Print the record as JSON' },
  },
  words: { min: 1, max: 1 },
  async run({ client, output }, { options, words: [id = ''] }) {
    const run = await (await openRunStore(await client())).get(id);
    if (options.json) output.line(JSON.stringify(run, null, 2));
    else print(output, run, options.diff);
    return 0;
  },
});

function print(output: Context['output'], run: TrainingRun, withDiff: boolean): void {
  const style = output.style('stdout');
  const { id, project, directory, started, status, exitCode, seconds, commit, isDirty, image, command, cause, peakMemoryBytes } = run; // prettier-ignore
  const row = (title: string, text: string): void => output.line(`${style('dim', title.padEnd(12))}${text}`);
  row('run', style('bold', id));
  row('project', `${project} (${directory})`);
  row('status', `${status}${exitCode === null ? '' : `, exit code ${exitCode}`}${cause === null ? '' : `: ${cause}`}`);
  row('started', `${started}${seconds === null ? '' : `, took ${seconds.toFixed(1)} s`}${peakMemoryBytes === null ? '' : `, at most ${humanBytes(peakMemoryBytes)} of memory`}`); // prettier-ignore
  row('command', command.join(' '));
  if (image !== null) row('image', image);
  if (commit !== null) row('commit', `${commit}${isDirty === true ? ', and changes (--diff shows them)' : ''}`);
  for (const [name, value] of Object.entries(run.parameters)) row('parameter', `${name} = ${value}`);
  for (const { path, files, bytes, fingerprint } of run.data) row('data', `${path}: ${files} ${files === 1 ? 'file' : 'files'}, ${humanBytes(bytes)}, ${fingerprint}`); // prettier-ignore
  for (const metric of run.metrics) row('metric', `${metric.name} = ${valueText(lastValue(metric))} ${style('dim', lineOf(metric))}`); // prettier-ignore
  for (const { path, bytes } of run.outputs) row('output', `${path} (${humanBytes(bytes)})`);
  if (withDiff && run.diff !== null) output.line(`\n${run.diff.trimEnd()}`);
}

const BARS = '▁▂▃▄▅▆▇█';
const WIDTH = 24;

/** A metric's way as a line of bars; empty for a single value. */
function lineOf({ points }: RunMetric): string {
  if (points.length < 2) return '';
  const every = Math.max(1, Math.ceil(points.length / WIDTH));
  const values = points.filter((_, index) => index % every === 0 || index === points.length - 1).map(([, value]) => value); // prettier-ignore
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const level = (value: number): number => (high === low ? 0 : Math.round(((value - low) / (high - low)) * (BARS.length - 1))); // prettier-ignore
  return values.map((value) => BARS[level(value)] ?? '').join('');
}
