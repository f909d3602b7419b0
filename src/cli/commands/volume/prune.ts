import { pruneVolumes } from '#client/volumes.ts';
import { defineCommand } from '../../command.ts';
import { filterTable } from '../../filters.ts';
import { confirm } from '../../output/confirm.ts';
import { printPruned } from '../../output/pruned.ts';

/** `berth volume prune` */
export const prune = defineCommand({
  usage: '[options]',
  options: {
    all: { kind: 'flag', short: 'a', help: 'Also those with a name' },
    filter: { kind: 'list', value: 'KEY=VALUE', help: 'Only those that match: label=k=v' },
    force: { kind: 'flag', short: 'f', help: 'Do not ask' },
  },
  words: { min: 0, max: 0 },
  async run({ client, output }, { options }) {
    const filters = { ...filterTable(options.filter), ...(options.all && { all: ['true'] }) };
    const what = `This removes all ${options.all ? '' : 'anonymous '}volumes that no container uses.`;
    if (!options.force && !(await confirm(output, what))) return 0;
    printPruned(output, [['Deleted Volumes', await pruneVolumes(await client(), filters)]]);
    return 0;
  },
});
