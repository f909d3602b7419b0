import { renameContainer } from '#client/containers.ts';
import { defineCommand } from '../../command.ts';

/** `berth rename` */
export const rename = defineCommand({
  usage: 'CONTAINER NEW_NAME',
  options: {},
  words: { min: 2, max: 2 },
  async run({ client }, { words: [name = '', newName = ''] }) {
    await renameContainer(await client(), name, newName);
    return 0;
  },
});
