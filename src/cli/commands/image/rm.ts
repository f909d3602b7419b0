import { removeImage } from '#client/images.ts';
import { NotFoundError } from '#lib/errors.ts';
import { defineCommand } from '../../command.ts';

/** `berth rmi` */
export const rm = defineCommand({
  usage: '[options] IMAGE [IMAGE...]',
  options: {
    force: { kind: 'flag', short: 'f', help: 'Also when it has other names or a container that does not run uses it' },
    'no-prune': { kind: 'flag', help: 'Keep parents without a name' },
  },
  words: { min: 1 },
  async run({ client, output }, { options, words }) {
    const engine = await client();
    let failed = false;
    for (const name of words) {
      try {
        for (const { Untagged, Deleted } of await removeImage(engine, name, {
          force: options.force,
          keepParents: options['no-prune'],
        }))
          output.line(Untagged === undefined ? `Deleted: ${Deleted ?? ''}` : `Untagged: ${Untagged}`);
      } catch (error) {
        output.problem(error);
        failed ||= !(options.force && error instanceof NotFoundError);
      }
    }
    return failed ? 1 : 0;
  },
});
