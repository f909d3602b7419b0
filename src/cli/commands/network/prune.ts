import { pruneNetworks } from '#client/networks.ts';
import { defineCommand } from '../../command.ts';
import { filterTable } from '../../filters.ts';
import { confirm } from '../../output/confirm.ts';
import { printPruned } from '../../output/pruned.ts';

/** `berth network prune` */
export const prune = defineCommand({
  usage: '[options]',
  options: {
    filter: { kind: 'list', value: 'KEY=VALUE', help: 'Only those that match: until=24h, label=k=v' },
    force: { kind: 'flag', short: 'f', help: 'Do not ask' },
  },
  words: { min: 0, max: 0 },
  async run({ client, output }, { options }) {
    const filters = filterTable(options.filter);
    if (!options.force && !(await confirm(output, 'This removes all networks that no container uses.'))) return 0;
    printPruned(output, [['Deleted Networks', await pruneNetworks(await client(), filters)]]);
    return 0;
  },
});
