import { saveImages } from '#client/images.ts';
import { defineCommand } from '../../command.ts';
import { writeArchive } from '../../output/write-archive.ts';

/** `berth save` */
export const save = defineCommand({
  usage: '[options] IMAGE [IMAGE...]',
  options: {
    output: { kind: 'text', short: 'o', value: 'FILE', help: 'Write to a file instead of standard output' },
    platform: { kind: 'text', value: 'OS/ARCH', help: 'Platform of an image that has several' },
  },
  words: { min: 1 },
  async run({ client, output }, { options, words }) {
    const { body, total } = await saveImages(await client(), words, { platform: options.platform });
    await writeArchive(output, body, { path: options.output, transfer: { label: 'Saving', total } });
    return 0;
  },
});
