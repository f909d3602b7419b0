import { eraseCredentials } from '#client/auth-config.ts';
import { defineCommand } from '../../command.ts';
import { registryDomain } from '../../registry-auth.ts';

/** `berth logout` */
export const logout = defineCommand({
  usage: '[SERVER]',
  options: {},
  words: { min: 0, max: 1 },
  async run({ output }, { words: [server] }) {
    const domain = registryDomain(server);
    const gone = await eraseCredentials(domain);
    output.line(gone ? `Removing login credentials for ${domain}` : `Not logged in to ${domain}`);
    return 0;
  },
});
