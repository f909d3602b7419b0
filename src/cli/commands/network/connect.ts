import { connectNetwork } from '#client/networks.ts';
import { defineCommand } from '../../command.ts';

/** `berth network connect` */
export const connect = defineCommand({
  usage: '[options] NETWORK CONTAINER',
  options: {
    alias: { kind: 'list', value: 'NAME', help: 'Another name of the container in the network' },
    ip: { kind: 'text', value: 'IP', help: 'IPv4 address' },
  },
  words: { min: 2, max: 2 },
  async run({ client }, { options, words: [network = '', container = ''] }) {
    await connectNetwork(await client(), network, {
      container,
      endpoint: {
        ...(options.alias.length > 0 && { Aliases: options.alias }),
        ...(options.ip !== undefined && { IPAMConfig: { IPv4Address: options.ip } }),
      },
    });
    return 0;
  },
});
