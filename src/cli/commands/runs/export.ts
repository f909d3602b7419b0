import { lastValue, type TrainingRun } from '#api/training-run.ts';
import { openRunStore } from '#project/runs/run-store.ts';
import { defineCommand } from '../../command.ts';

/** `berth runs export` */
export const exportRuns = defineCommand({
  usage: '[options] [PROJECT]',
  details:
    'Writes all records to standard output: a JSON object in each line, or a table with commas for spreadsheets.',
  options: {
    csv: { kind: 'flag', help: 'A line for each run, with its parameters and the last value of its metrics' },
  },
  words: { min: 0, max: 1 },
  async run({ client, output }, { options, words: [project] }) {
    const runs = await (await openRunStore(await client())).list(project);
    if (options.csv) for (const line of csvOf(runs)) output.line(line);
    else for (const run of runs) output.line(JSON.stringify(run));
    return 0;
  },
});

/** RFC 4180. */
function csvOf(runs: readonly TrainingRun[]): string[] {
  const parameters = [...new Set(runs.flatMap((run) => Object.keys(run.parameters)))].toSorted();
  const metrics = [...new Set(runs.flatMap((run) => run.metrics.map(({ name }) => name)))].toSorted();
  const titles = ['id', 'project', 'started', 'status', 'seconds', 'commit', 'image', ...parameters.map((name) => `parameter ${name}`), ...metrics.map((name) => `metric ${name}`)]; // prettier-ignore
  const rows = runs.map((run) => [
    run.id, run.project, run.started, run.status, run.seconds ?? '', run.commit ?? '', run.image ?? '',
    ...parameters.map((name) => run.parameters[name] ?? ''),
    ...metrics.map((name) => lastValue(run.metrics.find((metric) => metric.name === name) ?? { name, points: [] }) ?? ''),
  ]); // prettier-ignore
  return [titles, ...rows].map((row) => row.map(cellOf).join(','));
}

/** A cell that begins like a formula is kept from being one. */
function cellOf(value: string | number): string {
  const text = typeof value === 'string' && /^[=+@-]/.test(value) ? `'${value}` : String(value);
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
