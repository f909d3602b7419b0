import type { ContainerSummary, PortAnswer } from '#api/answers.ts';
import { listContainers } from '#client/containers.ts';
import { defineCommand } from '../../command.ts';
import { filterTable } from '../../filters.ts';
import { type Fields, printList } from '../../output/list.ts';
import { agoText, shortId, sizeText, timeText } from '../../output/quantities.ts';

const COLUMNS = [
  { field: 'ID', title: 'CONTAINER ID' },
  { field: 'Image', title: 'IMAGE', shrinks: true },
  { field: 'Command', title: 'COMMAND', shrinks: true },
  { field: 'RunningFor', title: 'CREATED' },
  { field: 'Status', title: 'STATUS' },
  { field: 'Ports', title: 'PORTS', shrinks: true },
  { field: 'Names', title: 'NAMES' },
] as const;

const COMMAND_CHARACTERS = 20;

/** `berth ps` */
export const ls = defineCommand({
  usage: '[options]',
  options: {
    all: { kind: 'flag', short: 'a', help: 'Also those that do not run' },
    filter: { kind: 'list', short: 'f', value: 'KEY=VALUE', help: 'Only those that match' },
    format: { kind: 'text', value: 'FORMAT', help: 'json, table, or a template such as {{.ID}}' },
    last: { kind: 'number', short: 'n', help: 'The last ones created, running or not' },
    latest: { kind: 'flag', short: 'l', help: 'The last one created' },
    'no-trunc': { kind: 'flag', help: 'Do not cut ids and commands' },
    quiet: { kind: 'flag', short: 'q', help: 'Only ids' },
    size: { kind: 'flag', short: 's', help: 'Also sizes' },
  },
  words: { min: 0, max: 0 },
  async run({ client, output }, { options }) {
    const filters = filterTable(options.filter);
    const limit = options.latest ? 1 : options.last;
    const size = options.size || (options.format?.includes('.Size') ?? false);
    const containers = await listContainers(await client(), {
      all: options.all,
      limit: limit !== undefined && limit > 0 ? limit : undefined,
      size,
      filters,
    });
    const columns = options.size ? [...COLUMNS, { field: 'Size', title: 'SIZE' }] : COLUMNS;
    printList(output, {
      columns,
      rows: containers.map((container) => toFields(container, options['no-trunc'])),
      format: options.format,
      quiet: options.quiet ? 'ID' : undefined,
    });
    return 0;
  },
});

function toFields(container: ContainerSummary, whole: boolean): Fields {
  const { Id, Labels, Created, Command } = container;
  const cut = Command.length > COMMAND_CHARACTERS && !whole ? `${Command.slice(0, COMMAND_CHARACTERS - 1)}…` : Command;
  return {
    ID: whole ? Id : shortId(Id),
    Image: container.Image,
    Command: JSON.stringify(cut),
    CreatedAt: timeText(Created),
    RunningFor: agoText(Created),
    Ports: formatPorts(container.Ports ?? []),
    State: container.State,
    Status: container.Status,
    Size: sizes(container),
    Names: (container.Names ?? []).map((name) => name.replace(/^\//, '')).join(','),
    Labels: Object.entries(Labels ?? {})
      .map(([key, value]) => `${key}=${value}`)
      .join(','),
    Label: (key) => Labels?.[key] ?? '',
    Mounts: (container.Mounts ?? []).map(({ Name, Source }) => Name || Source || '').join(','),
    LocalVolumes: (container.Mounts ?? []).filter(({ Type }) => Type === 'volume').length,
    Networks: Object.keys(container.NetworkSettings?.Networks ?? {}).join(','),
  };
}

function sizes({ SizeRw, SizeRootFs }: ContainerSummary): string {
  if (SizeRw === undefined && SizeRootFs === undefined) return '0B';
  const virtual = SizeRootFs === undefined || SizeRootFs === 0 ? '' : ` (virtual ${sizeText(SizeRootFs)})`;
  return `${sizeText(SizeRw ?? 0)}${virtual}`;
}

/** `0.0.0.0:8080->80/tcp, 9000/udp`; ports that follow each other as a range. */
export function formatPorts(ports: readonly PortAnswer[]): string {
  const runs: { head: PortAnswer; last: PortAnswer }[] = [];
  for (const port of ports.toSorted(comparePorts)) {
    const run = runs.at(-1);
    if (run !== undefined && continues(run.last, port)) run.last = port;
    else if (run === undefined || comparePorts(run.last, port) !== 0) runs.push({ head: port, last: port });
  }
  return runs.map(({ head, last }) => portText(head, last)).join(', ');
}

function placeOf({ Type, IP = '' }: PortAnswer): string {
  return `${Type} ${IP}`;
}

function range(from: number, to: number): string {
  return from === to ? `${from}` : `${from}-${to}`;
}

function comparePorts(a: PortAnswer, b: PortAnswer): number {
  const [one, other] = [placeOf(a), placeOf(b)];
  if (one !== other) return one < other ? -1 : 1;
  return a.PrivatePort - b.PrivatePort || (a.PublicPort ?? 0) - (b.PublicPort ?? 0);
}

function continues(a: PortAnswer, b: PortAnswer): boolean {
  if (a.Type !== b.Type || a.IP !== b.IP || b.PrivatePort !== a.PrivatePort + 1) return false;
  // As Docker does: only ranges that map each port to its own number, or to none.
  if (a.PublicPort === undefined || b.PublicPort === undefined) return a.PublicPort === b.PublicPort;
  return a.PublicPort === a.PrivatePort && b.PublicPort === b.PrivatePort;
}

function portText(head: PortAnswer, last: PortAnswer): string {
  const inside = `${range(head.PrivatePort, last.PrivatePort)}/${head.Type}`;
  if (head.PublicPort === undefined || head.PublicPort === 0) return inside;
  const address =
    head.IP === undefined || head.IP === '' ? '' : head.IP.includes(':') ? `[${head.IP}]:` : `${head.IP}:`;
  return `${address}${range(head.PublicPort, last.PublicPort ?? 0)}->${inside}`;
}
