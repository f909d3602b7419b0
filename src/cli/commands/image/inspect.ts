import { inspectImage } from '#client/images.ts';
import { defineCommand } from '../../command.ts';
import { inspectEach } from '../../output/inspect-each.ts';

/** `berth image inspect` */
export const inspect = defineCommand({
  usage: '[options] IMAGE [IMAGE...]',
  options: { format: { kind: 'text', short: 'f', value: 'FORMAT', help: 'json, or a template such as {{.Id}}' } },
  words: { min: 1 },
  async run({ client, output }, { options, words }) {
    const engine = await client();
    return inspectEach(output, words, { format: options.format, look: (name) => inspectImage(engine, name) });
  },
});
