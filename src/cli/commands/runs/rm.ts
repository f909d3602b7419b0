import { openRunStore } from '#project/runs/run-store.ts';
import { defineCommand } from '../../command.ts';
import { forEach } from '../../output/each.ts';

/** `berth runs rm` */
export const rm = defineCommand({
  usage: 'RUN [RUN...]',
  details: 'Removes records of trainings; what they wrote stays.',
  options: {},
  words: { min: 1 },
  async run({ client, output }, { words }) {
    const store = await openRunStore(await client());
    return forEach(output, words, async (id) => store.remove(id));
  },
});
