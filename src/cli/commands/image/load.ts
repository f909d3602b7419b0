import { loadImages } from '#client/images.ts';
import { defineCommand } from '../../command.ts';
import { openInput } from '../../open-input.ts';
import { showProgress } from '../../output/progress.ts';

/** `berth load` */
export const load = defineCommand({
  usage: '[options]',
  options: {
    input: { kind: 'text', short: 'i', value: 'FILE', help: 'Read a file instead of standard input' },
    quiet: { kind: 'flag', short: 'q', help: 'No progress' },
    platform: { kind: 'text', help: '' },
  },
  words: { min: 0, max: 0 },
  async run({ client, output }, { options }) {
    const archive = await openInput(options.input, '--input');
    await showProgress(output, loadImages(await client(), archive, { quiet: options.quiet || !output.stdout.isTTY }));
    return 0;
  },
});
