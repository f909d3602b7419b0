import { inspectContainer } from '#client/containers.ts';
import { defineCommand } from '../../command.ts';
import { inspectEach } from '../../output/inspect-each.ts';

/** `berth container inspect` */
export const inspect = defineCommand({
  usage: '[options] CONTAINER [CONTAINER...]',
  options: {
    format: { kind: 'text', short: 'f', value: 'FORMAT', help: 'json, or a template such as {{.State.Status}}' },
    size: { kind: 'flag', short: 's', help: 'Also sizes' },
  },
  words: { min: 1 },
  async run({ client, output }, { options, words }) {
    const engine = await client();
    return inspectEach(output, words, {
      format: options.format,
      look: (name) => inspectContainer(engine, name, { size: options.size }),
    });
  },
});
