import { pruneBuilds } from '#client/builds.ts';
import { pruneContainers } from '#client/containers.ts';
import { pruneImages } from '#client/images.ts';
import { pruneNetworks } from '#client/networks.ts';
import { pruneVolumes } from '#client/volumes.ts';
import { defineCommand } from '../../command.ts';
import { filterTable } from '../../filters.ts';
import { confirm } from '../../output/confirm.ts';
import { printPruned } from '../../output/pruned.ts';

/** `berth system prune` */
export const prune = defineCommand({
  usage: '[options]',
  options: {
    all: { kind: 'flag', short: 'a', help: 'Also images with a name that no container uses' },
    filter: { kind: 'list', value: 'KEY=VALUE', help: 'Only what matches: until=24h, label=k=v' },
    force: { kind: 'flag', short: 'f', help: 'Do not ask' },
    volumes: { kind: 'flag', help: 'Also anonymous volumes' },
  },
  words: { min: 0, max: 0 },
  async run({ client, output }, { options }) {
    const filters = filterTable(options.filter);
    const what = [
      'containers that do not run',
      'networks that no container uses',
      ...(options.volumes ? ['anonymous volumes that no container uses'] : []),
      options.all ? 'images that no container uses' : 'images without a name',
      'what builds keep and no image needs',
    ];
    if (!options.force && !(await confirm(output, `This removes:\n${what.map((line) => `  - ${line}`).join('\n')}`)))
      return 0;
    const engine = await client();
    const containers = await pruneContainers(engine, filters);
    const networks = await pruneNetworks(engine, filters);
    const volumes = options.volumes ? await pruneVolumes(engine, filters) : {};
    const images = await pruneImages(engine, { ...filters, dangling: [String(!options.all)] });
    const builds = await pruneBuilds(engine, { all: options.all });
    printPruned(output, [
      ['Deleted Containers', containers],
      ['Deleted Networks', networks],
      ['Deleted Volumes', volumes],
      ['Deleted Images', images],
      ['Deleted build cache', builds],
    ]);
    return 0;
  },
});
