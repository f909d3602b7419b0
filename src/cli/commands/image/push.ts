import { pushImage } from '#client/images.ts';
import { defineCommand } from '../../command.ts';
import { showProgress } from '../../output/progress.ts';
import { registryAuth } from '../../registry-auth.ts';

/** `berth push` */
export const push = defineCommand({
  usage: '[options] NAME[:TAG]',
  options: {
    platform: { kind: 'text', value: 'OS/ARCH', help: 'Only this platform' },
    quiet: { kind: 'flag', short: 'q', help: 'Only the name at the end' },
  },
  words: { min: 1, max: 1 },
  async run({ client, output, signal }, { options, words: [name = ''] }) {
    const auth = await registryAuth(name);
    await showProgress(output, pushImage(await client(), name, { platform: options.platform, auth, signal }), {
      quiet: options.quiet,
    });
    if (options.quiet) output.line(name);
    return 0;
  },
});
