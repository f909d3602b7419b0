import { formatEngineAddress } from '#client/address.ts';
import { isNobodyThere } from '#client/connect-error.ts';
import { engineStatus } from '#client/system.ts';
import { NotFoundError } from '#lib/errors.ts';
import { defineCommand } from '../../command.ts';
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
    else {
      output.line(`running (${place})`);
      for (const [name, value] of Object.entries(facts))
        output.line(`  ${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`);
    }
    return 0;
  },
});
