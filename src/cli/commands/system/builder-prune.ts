import { pruneBuilds } from '#client/builds.ts';
import { defineCommand } from '../../command.ts';
import { filterTable } from '../../filters.ts';
import { confirm } from '../../output/confirm.ts';
import { printPruned } from '../../output/pruned.ts';

/** `berth builder prune` */
export const prune = defineCommand({
  usage: '[options]',
  options: {
    all: { kind: 'flag', short: 'a', help: 'Everything, not only what no image needs' },
    filter: { kind: 'list', value: 'KEY=VALUE', help: 'Only what matches: until=24h' },
    force: { kind: 'flag', short: 'f', help: 'Do not ask' },
  },
  words: { min: 0, max: 0 },
  async run({ client, output }, { options }) {
    const filters = filterTable(options.filter);
    if (!options.force && !(await confirm(output, 'This removes what builds keep for the next one.'))) return 0;
    printPruned(output, [['Deleted build cache', await pruneBuilds(await client(), { all: options.all, filters })]]);
    return 0;
  },
});
