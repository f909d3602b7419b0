import { lastValue, type TrainingRun } from '#api/training-run.ts';
import { openRunStore } from '#project/runs/run-store.ts';
import { defineCommand } from '../../command.ts';
import { type Fields, printList } from '../../output/list.ts';
import { agoText } from '../../output/quantities.ts';

const COLUMNS = [
  { field: 'ID', title: 'RUN' },
  { field: 'Project', title: 'PROJECT' },
  { field: 'Status', title: 'STATUS' },
  { field: 'Started', title: 'STARTED' },
  { field: 'Duration', title: 'TOOK' },
  { field: 'Commit', title: 'COMMIT' },
  { field: 'Metrics', title: 'METRICS', shrinks: true },
];
const SHOWN_METRICS = 4;

/** `berth runs ls` */
export const ls = defineCommand({
  usage: '[options] [PROJECT]',
  details: 'Trainings that were run with `berth train`, newest first, with the last value of their metrics.',
  options: {
    format: { kind: 'text', value: 'FORMAT', help: 'json, table, or a template such as {{.ID}}' },
    quiet: { kind: 'flag', short: 'q', help: 'Only ids' },
  },
  words: { min: 0, max: 1 },
  async run({ client, output }, { options, words: [project] }) {
    const runs = await (await openRunStore(await client())).list(project);
    printList(output, {
      columns: COLUMNS,
      rows: runs.map(toFields),
      format: options.format,
      quiet: options.quiet ? 'ID' : undefined,
    });
    return 0;
  },
});

function toFields({ id, project, status, exitCode, started, seconds, commit, isDirty, metrics, directory }: TrainingRun): Fields {
  const shown = metrics.slice(0, SHOWN_METRICS).map((metric) => `${metric.name} ${valueText(lastValue(metric))}`);
  return {
    ID: id,
    Project: project,
    Status: status === 'failed' && exitCode !== null ? `failed (${exitCode})` : status,
    Started: agoText(Date.parse(started) / 1000),
    Duration: seconds === null ? '' : `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`,
    Commit: commit === null ? '' : `${commit.slice(0, 8)}${isDirty === true ? '+' : ''}`,
    Metrics: shown.join(', '),
    Directory: directory,
  };
} // prettier-ignore

/** At most five digits that matter. */
export function valueText(value: number | undefined): string {
  return value === undefined ? '' : String(Number(value.toPrecision(5)));
}
