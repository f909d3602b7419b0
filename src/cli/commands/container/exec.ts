import { attachExec, createExec, inspectExec, resizeExec, startExec } from '#client/execs.ts';
import type { Client } from '#client/transport.ts';
import { defineCommand } from '../../command.ts';
import { readVariables } from '../../container/env.ts';
import { startExitCode } from '../../container/exit-code.ts';
import { runSession, terminalSize } from '../../container/session.ts';
import { UsageError } from '../../parse-options.ts';

const ASK_EVERY_MS = 20;
const TRIES = 100;

/** `berth exec`: ends with the command's exit code. */
export const exec = defineCommand({
  usage: '[options] CONTAINER COMMAND [ARG...]',
  options: {
    detach: { kind: 'flag', short: 'd', help: 'In the background' },
    'detach-keys': { kind: 'text', value: 'KEYS', help: 'Keys that detach from the terminal (ctrl-p,ctrl-q)' },
    env: { kind: 'list', short: 'e', value: 'NAME[=VALUE]', help: 'Set a variable' },
    'env-file': { kind: 'list', value: 'FILE', help: 'Read variables from a file' },
    interactive: { kind: 'flag', short: 'i', help: 'Keep standard input open' },
    privileged: { kind: 'flag', help: 'Give it every privilege' },
    tty: { kind: 'flag', short: 't', help: 'Give it a terminal' },
    user: { kind: 'text', short: 'u', value: 'USER[:GROUP]', help: 'User it runs as' },
    workdir: { kind: 'text', short: 'w', value: 'PATH', help: 'Working directory' },
  },
  words: { min: 2 },
  stopAtFirstWord: true,
  async run({ client, output }, { options, words: [name = '', ...command] }) {
    if (options.tty && options.interactive && !process.stdin.isTTY)
      throw new UsageError('the input device is not a terminal', { why: '-t asks for one', hint: 'leave -t out' });
    const engine = await client();
    const { tty, detach } = options;
    const detachKeys = options['detach-keys'];
    const consoleSize = tty ? terminalSize(output) : undefined;
    const id = await createExec(engine, name, {
      AttachStdin: options.interactive && !detach,
      AttachStdout: !detach,
      AttachStderr: !detach,
      Tty: tty,
      Cmd: command,
      Env: readVariables(options['env-file'], options.env),
      User: options.user ?? '',
      WorkingDir: options.workdir ?? '',
      Privileged: options.privileged,
      ...(detachKeys !== undefined && { DetachKeys: detachKeys }),
      ...(consoleSize !== undefined && { ConsoleSize: consoleSize }),
    });
    if (detach) {
      await startExec(engine, id, { tty });
      return 0;
    }
    const attached = await attachExec(engine, id, { tty, consoleSize }).catch((error: unknown) => {
      output.problem(error);
      return startExitCode(error);
    });
    if (typeof attached === 'number') return attached;
    const ended = await runSession({
      connection: attached,
      address: engine.address,
      output,
      terminal: tty,
      input: options.interactive,
      detachKeys,
      resize: (size) => resizeExec(engine, id, size),
    });
    if (ended === 'detached') return 0;
    return exitCodeOf(engine, id);
  },
});

/** The streams may close a moment before the engine knows how the command ended. */
async function exitCodeOf(engine: Client, id: string): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    const { ExitCode, Running } = await inspectExec(engine, id);
    if (!Running || attempt === TRIES) return ExitCode ?? 0;
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
  }
}
