import { exportContainer } from '#client/containers.ts';
import { defineCommand } from '../../command.ts';
import { writeArchive } from '../../output/write-archive.ts';

/** `berth export` */
export const exportFiles = defineCommand({
  usage: '[options] CONTAINER',
  options: { output: { kind: 'text', short: 'o', value: 'FILE', help: 'Write to a file instead of standard output' } },
  words: { min: 1, max: 1 },
  async run({ client, output }, { options, words: [name = ''] }) {
    const archive = await exportContainer(await client(), name);
    const transfer = { label: 'Exporting', total: undefined };
    await writeArchive(output, archive, { path: options.output, transfer });
    return 0;
  },
});
