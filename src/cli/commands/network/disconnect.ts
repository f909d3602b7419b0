import { disconnectNetwork } from '#client/networks.ts';
import { defineCommand } from '../../command.ts';

/** `berth network disconnect` */
export const disconnect = defineCommand({
  usage: '[options] NETWORK CONTAINER',
  options: { force: { kind: 'flag', short: 'f', help: 'Also when the container is gone' } },
  words: { min: 2, max: 2 },
  async run({ client }, { options, words: [network = '', container = ''] }) {
    await disconnectNetwork(await client(), network, { container, force: options.force });
    return 0;
  },
});
