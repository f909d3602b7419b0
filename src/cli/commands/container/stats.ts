import type { StatsAnswer } from '#api/answers.ts';
import { containerStats, listContainers } from '#client/containers.ts';
import type { Client } from '#client/transport.ts';
import { defineCommand } from '../../command.ts';
import { type Fields, printList } from '../../output/list.ts';
import type { Output } from '../../output/output.ts';
import { binaryText, shortId, sizeText } from '../../output/quantities.ts';

const COLUMNS = [
  { field: 'ID', title: 'CONTAINER ID' },
  { field: 'Name', title: 'NAME', shrinks: true },
  { field: 'CPUPerc', title: 'CPU %' },
  { field: 'MemUsage', title: 'MEM USAGE / LIMIT' },
  { field: 'MemPerc', title: 'MEM %' },
  { field: 'NetIO', title: 'NET I/O' },
  { field: 'BlockIO', title: 'BLOCK I/O' },
  { field: 'PIDs', title: 'PIDS' },
];
const EVERY_MS = 1000;

/** `berth stats` */
export const stats = defineCommand({
  usage: '[options] [CONTAINER...]',
  options: {
    all: { kind: 'flag', short: 'a', help: 'Also those that do not run' },
    format: { kind: 'text', value: 'FORMAT', help: 'json, table, or a template such as {{.CPUPerc}}' },
    'no-stream': { kind: 'flag', help: 'Once' },
    'no-trunc': { kind: 'flag', help: 'Do not cut ids' },
  },
  words: { min: 0 },
  async run({ client, output, signal }, { options, words }) {
    const engine = await client();
    for (;;) {
      const names = words.length > 0 ? words : (await listContainers(engine, { all: options.all })).map(({ Id }) => Id);
      const rows = await Promise.all(
        names.map(async (name) => toFields(await sample(engine, name), options['no-trunc'])),
      );
      if (signal.aborted) return 0;
      show(output, rows, { format: options.format, live: !options['no-stream'] });
      if (options['no-stream']) return 0;
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
  },
});

async function sample(client: Client, name: string): Promise<StatsAnswer> {
  for await (const object of containerStats(client, name)) return object;
  return { read: '', id: name };
}

function show(
  output: Output,
  rows: readonly Fields[],
  { format, live }: { format: string | undefined; live: boolean },
): void {
  if (live && output.stdout.isTTY) output.stdout.write('\u001b[H\u001b[2J');
  printList(output, { columns: COLUMNS, rows, format });
}

function toFields(answer: StatsAnswer, whole: boolean): Fields {
  const memory = usedMemory(answer);
  const limit = answer.memory_stats?.limit ?? 0;
  const networks = Object.values(answer.networks ?? {});
  const sum = (key: 'rx_bytes' | 'tx_bytes'): number => networks.reduce((total, one) => total + (one[key] ?? 0), 0);
  const blocks = (op: string): number =>
    (answer.blkio_stats?.io_service_bytes_recursive ?? [])
      .filter((entry) => entry.op.toLowerCase() === op)
      .reduce((total, { value }) => total + value, 0);
  const name = (answer.name ?? '').replace(/^\//, '');
  return {
    ID: whole ? (answer.id ?? '') : shortId(answer.id ?? ''),
    Container: name,
    Name: name || '--',
    CPUPerc: `${cpuPercent(answer).toFixed(2)}%`,
    MemUsage: `${binaryText(memory)} / ${binaryText(limit)}`,
    MemPerc: `${(limit > 0 ? (memory / limit) * 100 : 0).toFixed(2)}%`,
    NetIO: `${sizeText(sum('rx_bytes'))} / ${sizeText(sum('tx_bytes'))}`,
    BlockIO: `${sizeText(blocks('read'))} / ${sizeText(blocks('write'))}`,
    PIDs: answer.pids_stats?.current ?? 0,
  };
}

/** Without the page cache that the kernel would give back. */
function usedMemory({ memory_stats: memory }: StatsAnswer): number {
  const cache = memory?.stats?.['total_inactive_file'] ?? memory?.stats?.['inactive_file'] ?? 0;
  return Math.max(0, (memory?.usage ?? 0) - cache);
}

function cpuPercent({ cpu_stats: now, precpu_stats: before }: StatsAnswer): number {
  const own = (now?.cpu_usage?.total_usage ?? 0) - (before?.cpu_usage?.total_usage ?? 0);
  const all = (now?.system_cpu_usage ?? 0) - (before?.system_cpu_usage ?? 0);
  return own > 0 && all > 0 ? (own / all) * (now?.online_cpus ?? 1) * 100 : 0;
}
