import {
  attachContainer,
  inspectContainer,
  resizeContainer,
  startContainer,
  waitContainer,
} from '#client/containers.ts';
import { type Context, defineCommand } from '../../command.ts';
import { proxySignals } from '../../container/proxy-signals.ts';
import { runSession } from '../../container/session.ts';
import { forEach } from '../../output/each.ts';
import { UsageError } from '../../parse-options.ts';

/** `berth start` */
export const start = defineCommand({
  usage: '[options] CONTAINER [CONTAINER...]',
  options: {
    attach: { kind: 'flag', short: 'a', help: 'Attach to its output and end with its exit code' },
    'detach-keys': { kind: 'text', value: 'KEYS', help: 'Keys that detach from the terminal (ctrl-p,ctrl-q)' },
    interactive: { kind: 'flag', short: 'i', help: 'Attach to its input too' },
  },
  words: { min: 1 },
  async run(context, { options, words }) {
    const client = await context.client();
    if (!options.attach && !options.interactive)
      return forEach(context.output, words, async (name) => startContainer(client, name));
    if (words.length > 1) throw new UsageError('--attach and --interactive take one container');
    return startAttached(context, {
      name: words[0] ?? '',
      input: options.interactive,
      detachKeys: options['detach-keys'],
    });
  },
});

async function startAttached(
  context: Context,
  { name, input, detachKeys }: { name: string; input: boolean; detachKeys: string | undefined },
): Promise<number> {
  const client = await context.client();
  const { Id, Config, HostConfig } = await inspectContainer(client, name);
  const stdin = input && Config.OpenStdin;
  const connection = await attachContainer(client, Id, { stream: true, stdin, stdout: true, stderr: true, detachKeys });
  const { exit } = await waitContainer(client, Id, {
    condition: HostConfig.AutoRemove === true ? 'removed' : 'next-exit',
  });
  const stopProxy = Config.Tty ? () => {} : proxySignals(client, Id);
  try {
    await startContainer(client, Id, { detachKeys });
    const ended = await runSession({
      connection,
      address: client.address,
      output: context.output,
      terminal: Config.Tty,
      input: stdin,
      detachKeys,
      resize: (size) => resizeContainer(client, Id, size),
    });
    return ended === 'detached' ? 0 : (await exit).StatusCode;
  } finally {
    connection.socket.destroy();
    stopProxy();
  }
}
