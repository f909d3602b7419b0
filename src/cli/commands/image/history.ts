import type { HistoryEntry } from '#api/answers.ts';
import { imageHistory } from '#client/images.ts';
import { defineCommand } from '../../command.ts';
import { type Fields, printList } from '../../output/list.ts';
import { agoText, shortId, sizeText, timeText } from '../../output/quantities.ts';

const COLUMNS = [
  { field: 'ID', title: 'IMAGE' },
  { field: 'CreatedSince', title: 'CREATED' },
  { field: 'CreatedBy', title: 'CREATED BY', shrinks: true },
  { field: 'Size', title: 'SIZE' },
  { field: 'Comment', title: 'COMMENT' },
];
const CREATED_BY_CHARACTERS = 45;

/** `berth history` */
export const history = defineCommand({
  usage: '[options] IMAGE',
  options: {
    format: { kind: 'text', value: 'FORMAT', help: 'json, table, or a template such as {{.CreatedBy}}' },
    human: { kind: 'flag', short: 'H', help: '' },
    'no-trunc': { kind: 'flag', help: 'Do not cut' },
    quiet: { kind: 'flag', short: 'q', help: 'Only ids' },
  },
  words: { min: 1, max: 1 },
  async run({ client, output }, { options, words: [name = ''] }) {
    const entries = await imageHistory(await client(), name);
    printList(output, {
      columns: COLUMNS,
      rows: entries.map((entry) => toFields(entry, options['no-trunc'])),
      format: options.format,
      quiet: options.quiet ? 'ID' : undefined,
    });
    return 0;
  },
});

function toFields({ Id, Created, CreatedBy, Size, Comment }: HistoryEntry, whole: boolean): Fields {
  const by = CreatedBy.replaceAll('\t', ' ');
  return {
    ID: whole ? Id : shortId(Id),
    CreatedSince: Created > 0 ? agoText(Created) : 'N/A',
    CreatedAt: timeText(Created),
    CreatedBy: whole || by.length <= CREATED_BY_CHARACTERS ? by : `${by.slice(0, CREATED_BY_CHARACTERS - 1)}…`,
    Size: sizeText(Size),
    Comment,
  };
}
