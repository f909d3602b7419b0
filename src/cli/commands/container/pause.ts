import { pauseContainer } from '#client/containers.ts';
import { defineCommand } from '../../command.ts';
import { forEach } from '../../output/each.ts';

/** `berth pause` */
export const pause = defineCommand({
  usage: 'CONTAINER [CONTAINER...]',
  options: {},
  words: { min: 1 },
  async run({ client, output }, { words }) {
    const engine = await client();
    return forEach(output, words, async (name) => pauseContainer(engine, name));
  },
});
