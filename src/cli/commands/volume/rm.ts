import { removeVolume } from '#client/volumes.ts';
import { defineCommand } from '../../command.ts';
import { forEach } from '../../output/each.ts';

/** `berth volume rm` */
export const rm = defineCommand({
  usage: '[options] VOLUME [VOLUME...]',
  options: { force: { kind: 'flag', short: 'f', help: 'Those that are not there are no error' } },
  words: { min: 1 },
  async run({ client, output }, { options, words }) {
    const engine = await client();
    return forEach(output, words, async (name) => removeVolume(engine, name, { force: options.force }));
  },
});
