import { unpauseContainer } from '#client/containers.ts';
import { defineCommand } from '../../command.ts';
import { forEach } from '../../output/each.ts';

/** `berth unpause` */
export const unpause = defineCommand({
  usage: 'CONTAINER [CONTAINER...]',
  options: {},
  words: { min: 1 },
  async run({ client, output }, { words }) {
    const engine = await client();
    return forEach(output, words, async (name) => unpauseContainer(engine, name));
  },
});
