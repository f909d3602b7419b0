import { inspectVolume } from '#client/volumes.ts';
import { defineCommand } from '../../command.ts';
import { inspectEach } from '../../output/inspect-each.ts';

/** `berth volume inspect` */
export const inspect = defineCommand({
  usage: '[options] VOLUME [VOLUME...]',
  options: {
    format: { kind: 'text', short: 'f', value: 'FORMAT', help: 'json, or a template such as {{.Mountpoint}}' },
  },
  words: { min: 1 },
  async run({ client, output }, { options, words }) {
    const engine = await client();
    return inspectEach(output, words, { format: options.format, look: (name) => inspectVolume(engine, name) });
  },
});
