import { killContainer } from '#client/containers.ts';
import { defineCommand } from '../../command.ts';
import { forEach } from '../../output/each.ts';

/** `berth kill` */
export const kill = defineCommand({
  usage: '[options] CONTAINER [CONTAINER...]',
  options: { signal: { kind: 'text', short: 's', value: 'SIGNAL', help: 'Signal to send (KILL)' } },
  words: { min: 1 },
  async run({ client, output }, { options, words }) {
    const engine = await client();
    return forEach(output, words, async (name) => killContainer(engine, name, options.signal));
  },
});
