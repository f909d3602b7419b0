import { pullImage, splitReference } from '#client/images.ts';
import { defineCommand } from '../../command.ts';
import { showProgress } from '../../output/progress.ts';
import { registryAuth } from '../../registry-auth.ts';

/** `berth pull` */
export const pull = defineCommand({
  usage: '[options] NAME[:TAG|@DIGEST]',
  options: {
    platform: { kind: 'text', value: 'OS/ARCH', help: 'Platform of an image that has several' },
    quiet: { kind: 'flag', short: 'q', help: 'Only the name at the end' },
  },
  words: { min: 1, max: 1 },
  async run({ client, output, signal }, { options, words: [name = ''] }) {
    const { fromImage, tag } = splitReference(name);
    if (!options.quiet && !name.includes('@') && !name.endsWith(`:${tag}`)) output.line(`Using default tag: ${tag}`);
    const auth = await registryAuth(name);
    await showProgress(output, pullImage(await client(), name, { platform: options.platform, auth, signal }), {
      quiet: options.quiet,
    });
    if (options.quiet) output.line(tag.includes(':') ? `${fromImage}@${tag}` : `${fromImage}:${tag}`);
    return 0;
  },
});
