import { removeNetwork } from '#client/networks.ts';
import { NotFoundError } from '#lib/errors.ts';
import { defineCommand } from '../../command.ts';
import { forEach } from '../../output/each.ts';

/** `berth network rm` */
export const rm = defineCommand({
  usage: '[options] NETWORK [NETWORK...]',
  options: { force: { kind: 'flag', short: 'f', help: 'Those that are not there are no error' } },
  words: { min: 1 },
  async run({ client, output }, { options, words }) {
    const engine = await client();
    return forEach(output, words, async (name) => {
      await removeNetwork(engine, name).catch((error: unknown) => {
        if (!(options.force && error instanceof NotFoundError)) throw error;
      });
    });
  },
});
