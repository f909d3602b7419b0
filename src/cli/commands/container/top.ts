import { topContainer } from '#client/containers.ts';
import { defineCommand } from '../../command.ts';

/** `berth top` */
export const top = defineCommand({
  usage: 'CONTAINER [PS OPTIONS]',
  options: {},
  words: { min: 1 },
  stopAtFirstWord: true,
  async run({ client, output }, { words: [name = '', ...psArgs] }) {
    const { Titles, Processes } = await topContainer(await client(), name, psArgs.join(' ') || undefined);
    const columns = Titles.map((title, index) => ({
      title,
      shrinks: index === Titles.length - 1,
      text: (row: readonly string[]) => row[index] ?? '',
    }));
    output.table(columns, Processes ?? []);
    return 0;
  },
});
