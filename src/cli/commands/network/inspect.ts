import { inspectNetwork } from '#client/networks.ts';
import { defineCommand } from '../../command.ts';
import { inspectEach } from '../../output/inspect-each.ts';

/** `berth network inspect` */
export const inspect = defineCommand({
  usage: '[options] NETWORK [NETWORK...]',
  options: { format: { kind: 'text', short: 'f', value: 'FORMAT', help: 'json, or a template such as {{.Driver}}' } },
  words: { min: 1 },
  async run({ client, output }, { options, words }) {
    const engine = await client();
    return inspectEach(output, words, { format: options.format, look: (name) => inspectNetwork(engine, name) });
  },
});
