import { containerChanges } from '#client/containers.ts';
import { defineCommand } from '../../command.ts';

const LETTERS = ['C', 'A', 'D'];

/** `berth diff`: changed, added and deleted paths. */
export const diff = defineCommand({
  usage: 'CONTAINER',
  options: {},
  words: { min: 1, max: 1 },
  async run({ client, output }, { words: [name = ''] }) {
    const changes = (await containerChanges(await client(), name)) ?? [];
    for (const { Path, Kind } of changes) output.line(`${LETTERS[Kind] ?? '?'} ${Path}`);
    return 0;
  },
});
