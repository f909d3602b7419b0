import { commitContainer } from '#client/containers.ts';
import { defineCommand } from '../../command.ts';
import { splitName } from '../../image-name.ts';

/** `berth commit` */
export const commit = defineCommand({
  usage: '[options] CONTAINER [REPOSITORY[:TAG]]',
  options: {
    author: { kind: 'text', short: 'a', value: 'NAME', help: 'Author' },
    change: { kind: 'list', short: 'c', value: 'INSTRUCTION', help: 'Dockerfile instruction to apply: CMD ["app"]' },
    message: { kind: 'text', short: 'm', value: 'TEXT', help: 'Message' },
    pause: { kind: 'flag', short: 'p', help: 'Pause the container meanwhile (the default)' },
    'no-pause': { kind: 'flag', help: 'Let the container run meanwhile' },
  },
  words: { min: 1, max: 2 },
  async run({ client, output }, { options, words: [name = '', reference] }) {
    const { Id } = await commitContainer(await client(), name, {
      ...(reference === undefined ? {} : splitName(reference)),
      author: options.author,
      comment: options.message,
      changes: options.change,
      pause: options['no-pause'] ? '0' : '1',
    });
    output.line(Id);
    return 0;
  },
});
