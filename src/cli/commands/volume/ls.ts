import type { VolumeAnswer } from '#api/answers.ts';
import { listVolumes } from '#client/volumes.ts';
import { defineCommand } from '../../command.ts';
import { filterTable } from '../../filters.ts';
import { type Fields, printList } from '../../output/list.ts';

const COLUMNS = [
  { field: 'Driver', title: 'DRIVER' },
  { field: 'Name', title: 'VOLUME NAME' },
];

/** `berth volume ls` */
export const ls = defineCommand({
  usage: '[options]',
  options: {
    filter: { kind: 'list', short: 'f', value: 'KEY=VALUE', help: 'Only those that match' },
    format: { kind: 'text', value: 'FORMAT', help: 'json, table, or a template such as {{.Name}}' },
    quiet: { kind: 'flag', short: 'q', help: 'Only names' },
  },
  words: { min: 0, max: 0 },
  async run({ client, output }, { options }) {
    const filters = filterTable(options.filter);
    const volumes = await listVolumes(await client(), filters);
    printList(output, {
      columns: COLUMNS,
      rows: volumes.toSorted((a, b) => (a.Name < b.Name ? -1 : 1)).map(toFields),
      format: options.format,
      quiet: options.quiet ? 'Name' : undefined,
    });
    return 0;
  },
});

function toFields({ Name, Driver, Scope, Mountpoint, Labels }: VolumeAnswer): Fields {
  return {
    Name,
    Driver,
    Scope,
    Mountpoint,
    Labels: Object.entries(Labels ?? {})
      .map(([key, value]) => `${key}=${value}`)
      .join(','),
    Label: (key) => Labels?.[key] ?? '',
  };
}
