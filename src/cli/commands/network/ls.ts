import type { NetworkAnswer } from '#api/answers.ts';
import { listNetworks } from '#client/networks.ts';
import { defineCommand } from '../../command.ts';
import { filterTable } from '../../filters.ts';
import { type Fields, printList } from '../../output/list.ts';
import { shortId } from '../../output/quantities.ts';

const COLUMNS = [
  { field: 'ID', title: 'NETWORK ID' },
  { field: 'Name', title: 'NAME', shrinks: true },
  { field: 'Driver', title: 'DRIVER' },
  { field: 'Scope', title: 'SCOPE' },
];

/** `berth network ls` */
export const ls = defineCommand({
  usage: '[options]',
  options: {
    filter: { kind: 'list', short: 'f', value: 'KEY=VALUE', help: 'Only those that match' },
    format: { kind: 'text', value: 'FORMAT', help: 'json, table, or a template such as {{.Name}}' },
    'no-trunc': { kind: 'flag', help: 'Do not cut ids' },
    quiet: { kind: 'flag', short: 'q', help: 'Only ids' },
  },
  words: { min: 0, max: 0 },
  async run({ client, output }, { options }) {
    const filters = filterTable(options.filter);
    const networks = await listNetworks(await client(), filters);
    const rows = networks
      .toSorted((a, b) => (a.Name < b.Name ? -1 : 1))
      .map((network) => toFields(network, options['no-trunc']));
    printList(output, { columns: COLUMNS, rows, format: options.format, quiet: options.quiet ? 'ID' : undefined });
    return 0;
  },
});

function toFields(network: NetworkAnswer, whole: boolean): Fields {
  const { Labels } = network;
  return {
    ID: whole ? network.Id : shortId(network.Id),
    Name: network.Name,
    Driver: network.Driver,
    Scope: network.Scope,
    IPv6: network.EnableIPv6 === true,
    Internal: network.Internal === true,
    CreatedAt: network.Created,
    Labels: Object.entries(Labels ?? {})
      .map(([key, value]) => `${key}=${value}`)
      .join(','),
    Label: (key) => Labels?.[key] ?? '',
  };
}
