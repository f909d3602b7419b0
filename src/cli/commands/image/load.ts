import { loadImages } from '#client/images.ts';
import { defineCommand } from '../../command.ts';
import { inputBytes } from '../../input-bytes.ts';
import { openInput } from '../../open-input.ts';
import { showProgress } from '../../output/progress.ts';
import { watchTransfer } from '../../output/transfer.ts';

/** `berth load` */
export const load = defineCommand({
  usage: '[options]',
  options: {
    input: { kind: 'text', short: 'i', value: 'FILE', help: 'Read a file instead of standard input' },
    quiet: { kind: 'flag', short: 'q', help: 'No progress' },
    platform: { kind: 'text', help: '' },
    sync: { kind: 'flag', help: 'Done only when all is safely on the disk' },
  },
  words: { min: 0, max: 0 },
  async run({ client, output }, { options }) {
    const archive = await openInput(options.input, '--input');
    const watched = watchTransfer(output, archive, { label: 'Loading', total: inputBytes(options.input) });
    const sent = options.quiet ? archive : watched;
    // What was sent is what was loaded, so that the engine's own bars would tell the same once more.
    await showProgress(output, loadImages(await client(), sent, { quiet: true, sync: options.sync }));
    return 0;
  },
});
