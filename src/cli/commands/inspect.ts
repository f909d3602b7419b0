import { inspectContainer } from '#client/containers.ts';
import { inspectImage } from '#client/images.ts';
import { inspectNetwork } from '#client/networks.ts';
import type { Client } from '#client/transport.ts';
import { inspectVolume } from '#client/volumes.ts';
import { NotFoundError } from '#lib/errors.ts';
import { defineCommand } from '../command.ts';
import { inspectEach } from '../output/inspect-each.ts';
import { UsageError } from '../parse-options.ts';

type Look = (client: Client, name: string) => Promise<unknown>;

/** In the order in which a name is looked up. */
const NOUNS: Readonly<Record<string, Look>> = {
  container: inspectContainer,
  image: inspectImage,
  network: inspectNetwork,
  volume: inspectVolume,
};

/** `berth inspect`: of whatever has that name. */
export const inspect = defineCommand({
  usage: '[options] NAME [NAME...]',
  options: {
    format: { kind: 'text', short: 'f', value: 'FORMAT', help: 'json, or a template such as {{.Id}}' },
    size: { kind: 'flag', short: 's', help: 'Also sizes of containers' },
    type: { kind: 'text', value: 'NOUN', help: 'container, image, network or volume' },
  },
  words: { min: 1 },
  async run({ client, output }, { options, words }) {
    const { type, format, size } = options;
    if (type !== undefined && !Object.hasOwn(NOUNS, type))
      throw new UsageError(`--type is container, image, network or volume, not ${JSON.stringify(type)}`);
    const looks = Object.entries(NOUNS)
      .filter(([noun]) => type === undefined || noun === type)
      .map(([noun, look]): Look =>
        noun === 'container' ? (engine, name) => inspectContainer(engine, name, { size }) : look,
      );
    const engine = await client();
    return inspectEach(output, words, { format, look: (name) => firstFound(looks, engine, name) });
  },
});

async function firstFound(looks: readonly Look[], client: Client, name: string): Promise<unknown> {
  for (const look of looks) {
    try {
      return await look(client, name);
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
    }
  }
  throw new NotFoundError(`No such object: ${name}`);
}
