import { formatEngineAddress } from '#client/address.ts';
import { isNobodyThere } from '#client/connect-error.ts';
import { engineStatus } from '#client/system.ts';
import { NotFoundError } from '#lib/errors.ts';
import { defineCommand } from '../../command.ts';
import { agoText, binaryText } from '../../output/quantities.ts';
import { connectWithoutStart, engineAddress } from '../../engine/connect.ts';

const EXIT_NOT_RUNNING = 3;

/** `berth engine status`: 0 if it runs, 3 if not, as service managers tell it. */
export const status = defineCommand({
  usage: '[options]',
  options: { format: { kind: 'text', short: 'f', value: 'FORMAT', help: 'json' } },
  words: { min: 0, max: 0 },
  async run({ settings, output }, { options }) {
    const place = formatEngineAddress(engineAddress(settings).address);
    const client = await connectWithoutStart(settings).catch((error: unknown) => {
      if (isNobodyThere(error)) return undefined;
      throw error;
    });
    if (client === undefined) {
      output.line(
        options.format === 'json' ? JSON.stringify({ running: false, address: place }) : `not running (${place})`,
      );
      return EXIT_NOT_RUNNING;
    }
    const facts = await engineStatus(client).catch((error: unknown) => {
      if (error instanceof NotFoundError) return {};
      throw error;
    });
    client.close();
    if (options.format === 'json') output.line(JSON.stringify({ running: true, address: place, ...facts }));
    else for (const line of statusLines(place, facts)) output.line(line);
    return 0;
  },
});

interface Facts {
  version?: string;
  pid?: number;
  /** Milliseconds since epoch. */
  startedAt?: number;
  dataRoot?: string;
  containers?: { running: number; paused: number; stopped: number };
  images?: number;
  processes?: { pid: number; name: string; memoryBytes: number }[];
}

function statusLines(place: string, facts: Facts): string[] {
  const { version, pid, startedAt, dataRoot, containers, images, processes } = facts;
  const memory = (processes ?? []).reduce((sum, { memoryBytes }) => sum + memoryBytes, 0);
  const rows: (readonly [string, string | undefined])[] = [
    ['version', version],
    ['process', pid === undefined ? undefined : String(pid)],
    ['started', startedAt === undefined ? undefined : agoText(startedAt / 1000)],
    ['data', dataRoot],
    [
      'containers',
      containers && `${containers.running} running, ${containers.paused} paused, ${containers.stopped} stopped`,
    ],
    ['images', images === undefined ? undefined : String(images)],
    [
      'memory',
      processes && `${binaryText(memory)} in ${processes.length} process${processes.length === 1 ? '' : 'es'}`,
    ],
  ];
  return [`running (${place})`, ...rows.flatMap(([name, text]) => (text === undefined ? [] : [`  ${name}: ${text}`]))];
}
