import { tagImage } from '#client/images.ts';
import { defineCommand } from '../../command.ts';
import { splitName } from '../../image-name.ts';

/** `berth tag` */
export const tag = defineCommand({
  usage: 'IMAGE NAME[:TAG]',
  options: {},
  words: { min: 2, max: 2 },
  async run({ client }, { words: [image = '', name = ''] }) {
    await tagImage(await client(), image, splitName(name));
    return 0;
  },
});
