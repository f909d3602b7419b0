import { importImage } from '#client/images.ts';
import { defineCommand } from '../../command.ts';
import { splitName } from '../../image-name.ts';
import { inputBytes } from '../../input-bytes.ts';
import { openInput } from '../../open-input.ts';
import { showProgress } from '../../output/progress.ts';
import { watchTransfer } from '../../output/transfer.ts';

/** `berth import` */
export const importFiles = defineCommand({
  usage: '[options] FILE|URL|- [REPOSITORY[:TAG]]',
  options: {
    change: { kind: 'list', short: 'c', value: 'INSTRUCTION', help: 'Dockerfile instruction to apply: CMD ["app"]' },
    message: { kind: 'text', short: 'm', value: 'TEXT', help: 'Message' },
    platform: { kind: 'text', value: 'OS/ARCH', help: 'Platform of the image' },
  },
  words: { min: 1, max: 2 },
  async run({ client, output }, { options, words: [source = '', reference] }) {
    const isAddress = /^https?:\/\//.test(source);
    const archive = isAddress ? undefined : await openInput(source, '');
    const transfer = { label: 'Importing', total: inputBytes(source) };
    const messages = importImage(await client(), {
      source: isAddress ? source : '-',
      ...(reference === undefined ? {} : splitName(reference)),
      message: options.message,
      changes: options.change,
      platform: options.platform,
      ...(archive !== undefined && { archive: watchTransfer(output, archive, transfer) }),
    });
    await showProgress(output, messages);
    return 0;
  },
});
