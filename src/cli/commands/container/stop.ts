import { stopContainer } from '#client/containers.ts';
import { defineCommand } from '../../command.ts';
import { forEach } from '../../output/each.ts';

/** `berth stop` */
export const stop = defineCommand({
  usage: '[options] CONTAINER [CONTAINER...]',
  options: {
    signal: { kind: 'text', short: 's', value: 'SIGNAL', help: 'Signal instead of the one it names itself' },
    time: { kind: 'number', short: 't', value: 'SECONDS', help: 'Time before it is killed; -1 waits for ever' },
    timeout: { kind: 'number', help: '' },
  },
  words: { min: 1 },
  async run({ client, output }, { options, words }) {
    const engine = await client();
    const how = { signal: options.signal, timeout: options.time ?? options.timeout };
    return forEach(output, words, async (name) => stopContainer(engine, name, how));
  },
});
