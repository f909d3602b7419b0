import { formatEngineAddress } from '#client/address.ts';
import { isNobodyThere } from '#client/connect-error.ts';
import { engineStatus } from '#client/system.ts';
import { NotFoundError, PermissionDeniedError, UnavailableError } from '#lib/errors.ts';
import { defineCommand } from '../../command.ts';
import { connectWithoutStart, engineAddress } from '../../engine/connect.ts';

const ASK_EVERY_MS = 50;

/** `berth engine stop`: asks it to end and waits until it has; containers run on. */
export const stop = defineCommand({
  usage: '[options]',
  options: { time: { kind: 'number', short: 't', value: 'SECONDS', help: 'How long to wait (30)' } },
  words: { min: 0, max: 0 },
  async run({ settings, output }, { options }) {
    const place = formatEngineAddress(engineAddress(settings).address);
    const client = await connectWithoutStart(settings).catch((error: unknown) => {
      if (isNobodyThere(error)) return undefined;
      throw error;
    });
    if (client === undefined) {
      output.note(`berth: no engine runs at ${place}`);
      return 0;
    }
    const { pid } = await engineStatus(client).finally(() => client.close());
    if (typeof pid !== 'number' || pid <= 1)
      throw new NotFoundError(`the engine at ${place} does not tell its process`, {
        hint: 'stop it the way it was started',
      });
    signalEngine(pid);
    await untilGone(pid, (options.time ?? 30) * 1000);
    output.line(`stopped (${place})`);
    return 0;
  },
});

function signalEngine(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return;
    throw new PermissionDeniedError(`the engine (process ${pid}) cannot be stopped`, {
      why: (error as Error).message,
      hint: 'run the command as root',
    });
  }
}

async function untilGone(pid: number, withinMs: number): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (isAlive(pid)) {
    if (Date.now() > deadline)
      throw new UnavailableError(`the engine (process ${pid}) has not ended yet`, {
        hint: 'wait longer with --time, or see its log',
      });
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
