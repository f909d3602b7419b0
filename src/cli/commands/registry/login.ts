import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { storeCredentials } from '#client/auth-config.ts';
import { checkCredentials } from '#client/auth.ts';
import { defineCommand } from '../../command.ts';
import { UsageError } from '../../parse-options.ts';
import { registryDomain, serverAddress } from '../../registry-auth.ts';

/** `berth login` */
export const login = defineCommand({
  usage: '[options] [SERVER]',
  details: 'The credentials are kept where the docker command keeps its own, and the docker command uses them too.',
  options: {
    password: {
      kind: 'text',
      short: 'p',
      value: 'PASSWORD',
      help: 'Password; others may see it, use --password-stdin',
    },
    'password-stdin': { kind: 'flag', help: 'Read the password from standard input' },
    username: { kind: 'text', short: 'u', value: 'NAME', help: 'User' },
  },
  words: { min: 0, max: 1 },
  async run({ client, output }, { options, words: [server] }) {
    if (options.password !== undefined && options['password-stdin'])
      throw new UsageError('--password and --password-stdin exclude each other');
    if (options['password-stdin'] && options.username === undefined)
      throw new UsageError('--password-stdin needs --username');
    if (options.password !== undefined)
      output.warn('a password given with --password can be seen by others; use --password-stdin');
    const domain = registryDomain(server);
    const engine = await client();
    const username = options.username ?? (await question('Username: ', { hidden: false }));
    const password = options['password-stdin']
      ? await passwordFromInput()
      : (options.password ?? (await question('Password: ', { hidden: true })));
    const auth = { username, password, serverAddress: serverAddress(domain) };
    const { identityToken } = await checkCredentials(engine, auth);
    const { helper } = await storeCredentials(domain, {
      ...auth,
      ...(identityToken !== undefined && { identityToken }),
    });
    if (helper === undefined)
      output.warn('the password is kept unencrypted in your docker configuration; a credential helper would hide it');
    output.line('Login Succeeded');
    return 0;
  },
});

async function passwordFromInput(): Promise<string> {
  const chunks = await Array.fromAsync(process.stdin as AsyncIterable<Buffer>);
  return Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '');
}

async function question(text: string, { hidden }: { hidden: boolean }): Promise<string> {
  if (!process.stdin.isTTY)
    throw new UsageError('nobody is there to answer', {
      why: 'standard input is no terminal',
      hint: 'use --username and --password-stdin',
    });
  process.stderr.write(text);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: hidden ? silent : process.stderr, terminal: true });
  try {
    return await lines.question('');
  } finally {
    lines.close();
    if (hidden) process.stderr.write('\n');
  }
}
