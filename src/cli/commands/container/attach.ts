import { attachContainer, inspectContainer, resizeContainer, waitContainer } from '#client/containers.ts';
import { ConflictError } from '#lib/errors.ts';
import { defineCommand } from '../../command.ts';
import { proxySignals } from '../../container/proxy-signals.ts';
import { runSession } from '../../container/session.ts';

/** `berth attach` */
export const attach = defineCommand({
  usage: '[options] CONTAINER',
  options: {
    'detach-keys': { kind: 'text', value: 'KEYS', help: 'Keys that detach from the terminal (ctrl-p,ctrl-q)' },
    'no-stdin': { kind: 'flag', help: 'Only its output' },
    'sig-proxy': { kind: 'flag', help: 'Hand signals on to the container' },
  },
  words: { min: 1, max: 1 },
  async run(context, { options, words: [name = ''] }) {
    const client = await context.client();
    const { Id, Config, State } = await inspectContainer(client, name);
    if (!State.Running)
      throw new ConflictError(`cannot attach to ${name}`, {
        why: 'it does not run',
        hint: `berth start --attach ${name}`,
      });
    if (State.Paused)
      throw new ConflictError(`cannot attach to ${name}`, { why: 'it is paused', hint: `berth unpause ${name}` });
    const input = !options['no-stdin'] && Config.OpenStdin;
    const detachKeys = options['detach-keys'];
    const { exit } = await waitContainer(client, Id);
    const connection = await attachContainer(client, Id, {
      stream: true,
      stdin: input,
      stdout: true,
      stderr: true,
      detachKeys,
    });
    const stopProxy = Config.Tty ? () => {} : proxySignals(client, Id);
    const ended = await runSession({
      connection,
      address: client.address,
      output: context.output,
      terminal: Config.Tty,
      input,
      detachKeys,
      resize: (size) => resizeContainer(client, Id, size),
    });
    stopProxy();
    return ended === 'detached' ? 0 : (await exit).StatusCode;
  },
});
