import { pruneImages } from '#client/images.ts';
import { defineCommand } from '../../command.ts';
import { filterTable } from '../../filters.ts';
import { confirm } from '../../output/confirm.ts';
import { printPruned } from '../../output/pruned.ts';

/** `berth image prune` */
export const prune = defineCommand({
  usage: '[options]',
  options: {
    all: { kind: 'flag', short: 'a', help: 'Also those with a name that no container uses' },
    filter: { kind: 'list', value: 'KEY=VALUE', help: 'Only those that match: until=24h, label=k=v' },
    force: { kind: 'flag', short: 'f', help: 'Do not ask' },
  },
  words: { min: 0, max: 0 },
  async run({ client, output }, { options }) {
    const filters = { ...filterTable(options.filter), dangling: [String(!options.all)] };
    const what = options.all
      ? 'This removes all images that no container uses.'
      : 'This removes all images without a name.';
    if (!options.force && !(await confirm(output, what))) return 0;
    printPruned(output, [['Deleted Images', await pruneImages(await client(), filters)]]);
    return 0;
  },
});
