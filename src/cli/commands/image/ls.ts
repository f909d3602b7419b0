import type { ImageSummary } from '#api/answers.ts';
import { listImages } from '#client/images.ts';
import { defineCommand } from '../../command.ts';
import { filterTable } from '../../filters.ts';
import { type Fields, printList } from '../../output/list.ts';
import { agoText, shortId, sizeText, timeText } from '../../output/quantities.ts';

const NONE = '<none>';

/** `berth images` */
export const ls = defineCommand({
  usage: '[options] [REPOSITORY[:TAG]]',
  options: {
    all: { kind: 'flag', short: 'a', help: 'Also those that are only part of others' },
    digests: { kind: 'flag', help: 'Also digests' },
    filter: { kind: 'list', short: 'f', value: 'KEY=VALUE', help: 'Only those that match' },
    format: { kind: 'text', value: 'FORMAT', help: 'json, table, or a template such as {{.Repository}}' },
    'no-trunc': { kind: 'flag', help: 'Do not cut ids' },
    quiet: { kind: 'flag', short: 'q', help: 'Only ids' },
  },
  words: { min: 0, max: 1 },
  async run({ client, output }, { options, words: [reference] }) {
    const filters = filterTable(options.filter);
    if (reference !== undefined) (filters['reference'] ??= []).push(reference);
    const images = await listImages(await client(), { all: options.all, digests: options.digests, filters });
    const rows = images.flatMap((image) => imageRows(image, options));
    const columns = [
      { field: 'Repository', title: 'REPOSITORY', shrinks: true },
      { field: 'Tag', title: 'TAG' },
      ...(options.digests ? [{ field: 'Digest', title: 'DIGEST' }] : []),
      { field: 'ID', title: 'IMAGE ID' },
      { field: 'CreatedSince', title: 'CREATED' },
      { field: 'Size', title: 'SIZE' },
    ];
    const unique = options.quiet ? [...new Map(rows.map((row) => [row['ID'], row])).values()] : rows;
    printList(output, { columns, rows: unique, format: options.format, quiet: options.quiet ? 'ID' : undefined });
    return 0;
  },
});

/** A row for each name, and one for an image without any. */
function imageRows(image: ImageSummary, options: { digests: boolean; 'no-trunc': boolean }): Fields[] {
  const tags = (image.RepoTags ?? []).filter((tag) => tag !== `${NONE}:${NONE}`);
  const digests = (image.RepoDigests ?? []).filter((digest) => !digest.startsWith(NONE));
  const row = (Repository: string, Tag: string, Digest: string): Fields => ({
    ID: options['no-trunc'] ? image.Id : shortId(image.Id),
    Repository,
    Tag,
    Digest,
    CreatedSince: image.Created > 0 ? agoText(image.Created) : 'N/A',
    CreatedAt: timeText(image.Created),
    Size: sizeText(image.Size),
    VirtualSize: sizeText(image.Size),
    SharedSize: 'N/A',
    UniqueSize: 'N/A',
    Containers: image.Containers < 0 ? 'N/A' : image.Containers,
  });
  const digestOf = (repository: string): string =>
    digests.find((digest) => digest.startsWith(`${repository}@`))?.split('@')[1] ?? NONE;
  if (tags.length > 0)
    return tags.map((tag) => {
      const colon = tag.lastIndexOf(':');
      return row(tag.slice(0, colon), tag.slice(colon + 1), digestOf(tag.slice(0, colon)));
    });
  const named = digests.map((digest) => digest.split('@'));
  return named.length > 0
    ? named.map(([repository = NONE, digest = NONE]) => row(repository, NONE, digest))
    : [row(NONE, NONE, NONE)];
}
