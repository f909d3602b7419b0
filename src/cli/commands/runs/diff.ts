import { lastValue, type TrainingRun } from '#api/training-run.ts';
import { openRunStore } from '#project/runs/run-store.ts';
import { defineCommand } from '../../command.ts';
import { valueText } from './ls.ts';

interface Difference {
  what: string;
  before: string;
  after: string;
}

/** `berth runs diff` */
export const diff = defineCommand({
  usage: '[options] RUN RUN',
  details:
    'What differs between two trainings: commit, image, parameters, data, metrics, outputs. Ends with 1 if anything does.',
  options: { json: { kind: 'flag', help: 'Print the differences as JSON' } },
  words: { min: 2, max: 2 },
  async run({ client, output }, { options, words: [first = '', second = ''] }) {
    const store = await openRunStore(await client());
    const [before, after] = await Promise.all([store.get(first), store.get(second)]);
    const differences = compare(factsOf(before), factsOf(after));
    if (options.json) output.line(JSON.stringify(differences, null, 2));
    else if (differences.length === 0) output.line('the same in all that is recorded');
    else
      output.table(
        [
          { title: 'WHAT', text: ({ what }: Difference) => what },
          { title: before.id, text: (row: Difference) => row.before, shrinks: true },
          { title: after.id, text: (row: Difference) => row.after, shrinks: true },
        ],
        differences,
      );
    return differences.length === 0 ? 0 : 1;
  },
});

function factsOf(run: TrainingRun): Map<string, string> {
  const { commit, isDirty, diff: patch, image, command, status, seconds } = run;
  return new Map([
    ['status', status],
    ['commit', commit ?? ''],
    ['changes', isDirty === true ? `${patch?.split('\n').length ?? 0} lines` : ''],
    ['image', image?.slice(0, 19) ?? ''],
    ['command', command.join(' ')],
    ...Object.entries(run.parameters).map(([name, value]): [string, string] => [`parameter ${name}`, value]),
    ...run.data.map(({ path, fingerprint }): [string, string] => [`data ${path}`, fingerprint]),
    ...run.metrics.map((metric): [string, string] => [`metric ${metric.name}`, valueText(lastValue(metric))]),
    ...run.outputs.map(({ path, bytes }): [string, string] => [`output ${path}`, `${bytes} bytes`]),
    ['seconds', seconds === null ? '' : seconds.toFixed(1)],
  ]);
}

function compare(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): Difference[] {
  const all = new Set([...before.keys(), ...after.keys()]);
  return [...all]
    .map((what) => ({ what, before: before.get(what) ?? '', after: after.get(what) ?? '' }))
    .filter((row) => row.before !== row.after);
}
