import { removeContainer } from '#client/containers.ts';
import { ConflictError, NotFoundError } from '#lib/errors.ts';
import { defineCommand } from '../../command.ts';
import { forEach } from '../../output/each.ts';

/** `berth rm` */
export const rm = defineCommand({
  usage: '[options] CONTAINER [CONTAINER...]',
  options: {
    force: { kind: 'flag', short: 'f', help: 'Also those that run; those that are not there are no error' },
    volumes: { kind: 'flag', short: 'v', help: 'With their anonymous volumes' },
  },
  words: { min: 1 },
  async run({ client, output }, { options, words }) {
    const engine = await client();
    return forEach(output, words, async (name) => {
      await removeContainer(engine, name, options).catch((error: unknown) => {
        const isGone = options.force && error instanceof NotFoundError;
        const isGoing = error instanceof ConflictError && /already in progress/.test(error.message);
        if (!isGone && !isGoing) throw error;
      });
    });
  },
});
