import { attachContainer, resizeContainer, startContainer, waitContainer } from '#client/containers.ts';
import { type Context, defineCommand } from '../../command.ts';
import { createBody } from '../../container/create-body.ts';
import { createWithImage } from '../../container/create-with-image.ts';
import { startExitCode } from '../../container/exit-code.ts';
import { CONTAINER_OPTIONS } from '../../container/options.ts';
import { proxySignals } from '../../container/proxy-signals.ts';
import { runSession, terminalSize } from '../../container/session.ts';
import { GIVEN, type OptionTable, type OptionValues } from '../../options.ts';
import { UsageError } from '../../parse-options.ts';

const EXIT_ENGINE = 125;

const OPTIONS = {
  ...CONTAINER_OPTIONS,
  attach: { kind: 'list', short: 'a', value: 'STREAM', help: 'Attach only to stdin, stdout or stderr' },
  detach: { kind: 'flag', short: 'd', help: 'Run in the background and print the id' },
  'detach-keys': { kind: 'text', value: 'KEYS', help: 'Keys that detach from the terminal (ctrl-p,ctrl-q)' },
  'sig-proxy': { kind: 'flag', help: 'Hand signals on to the container (on without a terminal)' },
} as const satisfies OptionTable;

type Options = OptionValues<typeof OPTIONS>;

/** `berth run` */
export const run = defineCommand({
  usage: '[options] IMAGE [COMMAND] [ARG...]',
  details:
    'Ends with the exit code of the container; 125 if the engine failed, 126 if the command cannot be run, 127 if it is not there.',
  options: OPTIONS,
  words: { min: 1 },
  stopAtFirstWord: true,
  async run(context, { options, words }) {
    const [image = '', ...command] = words;
    const streams = attachedStreams(options);
    checkTerminal(options, streams);
    let started: Started;
    // The engine's words decide the exit code only for what goes wrong from here on.
    let starting = false;
    try {
      const body = createBody(options, { image, command, attach: streams, consoleSize: terminalSize(context.output) });
      const id = await createWithImage(context, {
        ...options,
        body,
        image,
        hostCa: options['host-ca'] !== undefined && options['host-ca'] !== 'off',
      });
      starting = true;
      if (options.detach) return await runDetached(context, id);
      started = await attachAndStart(context, { id, options, streams });
    } catch (error) {
      if (error instanceof UsageError) throw error;
      context.output.problem(error);
      return starting ? startExitCode(error) : EXIT_ENGINE;
    }
    return follow(context, started);
  },
});

interface Streams {
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
}

function attachedStreams({ attach, detach, interactive }: Options): Streams {
  if (detach) {
    if (attach.length > 0) throw new UsageError('--attach and --detach exclude each other');
    return { stdin: false, stdout: false, stderr: false };
  }
  if (attach.length === 0) return { stdin: interactive, stdout: true, stderr: true };
  const names = attach.map((name) => name.toLowerCase());
  const unknown = names.find((name) => !['stdin', 'stdout', 'stderr'].includes(name));
  if (unknown !== undefined)
    throw new UsageError(`--attach is stdin, stdout or stderr, not ${JSON.stringify(unknown)}`);
  return { stdin: names.includes('stdin'), stdout: names.includes('stdout'), stderr: names.includes('stderr') };
}

function checkTerminal({ tty }: Options, { stdin }: Streams): void {
  if (tty && stdin && !process.stdin.isTTY)
    throw new UsageError('the input device is not a terminal', {
      why: '-t asks for one, and standard input is a pipe or a file',
      hint: 'leave -t out',
    });
}

async function runDetached({ client, output }: Context, id: string): Promise<number> {
  await startContainer(await client(), id);
  output.line(id);
  return 0;
}

interface Started {
  id: string;
  options: Options;
  session: Promise<'ended' | 'detached'>;
  exit: Promise<{ StatusCode: number; Error?: { Message?: string } | null }>;
  stopProxy: () => void;
}

/** Attached and waited for before the start, so that nothing is lost. */
async function attachAndStart(
  context: Context,
  { id, options, streams }: { id: string; options: Options; streams: Streams },
): Promise<Started> {
  const client = await context.client();
  const detachKeys = options['detach-keys'];
  const connection = await attachContainer(client, id, { ...streams, stream: true, detachKeys });
  const { exit } = await waitContainer(client, id, { condition: options.rm ? 'removed' : 'next-exit' });
  const proxies = options[GIVEN].has('sig-proxy') ? options['sig-proxy'] : !options.tty;
  const stopProxy = proxies ? proxySignals(client, id) : () => {};
  try {
    await startContainer(client, id, { detachKeys });
  } catch (error) {
    connection.socket.destroy();
    stopProxy();
    throw error;
  }
  const session = runSession({
    connection,
    address: client.address,
    output: context.output,
    terminal: options.tty,
    input: streams.stdin,
    detachKeys,
    resize: (size) => resizeContainer(client, id, size),
  });
  return { id, options, session, exit, stopProxy };
}

async function follow({ output }: Context, { session, exit, stopProxy }: Started): Promise<number> {
  try {
    if ((await session) === 'detached') return 0;
    const { StatusCode, Error: failure } = await exit;
    if (failure?.Message !== undefined && failure.Message !== '') {
      output.problem({ message: failure.Message });
      return EXIT_ENGINE;
    }
    return StatusCode;
  } finally {
    stopProxy();
  }
}
