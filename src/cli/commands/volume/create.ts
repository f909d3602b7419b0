import { createVolume } from '#client/volumes.ts';
import { defineCommand } from '../../command.ts';
import { parsePairs } from '../../container/values.ts';

/** `berth volume create` */
export const create = defineCommand({
  usage: '[options] [NAME]',
  options: {
    driver: { kind: 'text', short: 'd', value: 'DRIVER', help: 'Driver (local)' },
    label: { kind: 'list', value: 'KEY=VALUE', help: 'Set a label' },
    name: { kind: 'text', help: '' },
    opt: { kind: 'list', short: 'o', value: 'KEY=VALUE', help: 'Option of the driver' },
  },
  words: { min: 0, max: 1 },
  async run({ client, output }, { options, words: [name] }) {
    const { Name } = await createVolume(await client(), {
      Name: name ?? options.name ?? '',
      Driver: options.driver ?? 'local',
      DriverOpts: parsePairs(options.opt),
      Labels: parsePairs(options.label),
    });
    output.line(Name);
    return 0;
  },
});
