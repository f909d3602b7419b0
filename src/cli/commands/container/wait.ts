import { waitContainer } from '#client/containers.ts';
import { defineCommand } from '../../command.ts';
import { forEach } from '../../output/each.ts';

/** `berth wait`: prints the exit code of each. */
export const wait = defineCommand({
  usage: 'CONTAINER [CONTAINER...]',
  options: {},
  words: { min: 1 },
  async run({ client, output }, { words }) {
    const engine = await client();
    return forEach(output, words, async (name) => {
      const { exit } = await waitContainer(engine, name);
      return String((await exit).StatusCode);
    });
  },
});
