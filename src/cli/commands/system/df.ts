import type { DiskUsageAnswer } from '#api/answers.ts';
import { diskUsage } from '#client/system.ts';
import { defineCommand } from '../../command.ts';
import { printList } from '../../output/list.ts';
import { sizeText } from '../../output/quantities.ts';

const COLUMNS = [
  { field: 'Type', title: 'TYPE' },
  { field: 'TotalCount', title: 'TOTAL' },
  { field: 'Active', title: 'ACTIVE' },
  { field: 'Size', title: 'SIZE' },
  { field: 'Reclaimable', title: 'RECLAIMABLE' },
];

interface Usage {
  type: string;
  total: number;
  active: number;
  bytes: number;
  free: number;
}

/** `berth system df` */
export const df = defineCommand({
  usage: '[options]',
  options: { format: { kind: 'text', value: 'FORMAT', help: 'json, table, or a template such as {{.Size}}' } },
  words: { min: 0, max: 0 },
  async run({ client, output }, { options }) {
    const rows = usages(await diskUsage(await client())).map(({ type, total, active, bytes, free }) => ({
      Type: type,
      TotalCount: total,
      Active: active,
      Size: sizeText(bytes),
      Reclaimable: bytes > 0 ? `${sizeText(free)} (${Math.round((free / bytes) * 100)}%)` : sizeText(0),
    }));
    printList(output, { columns: COLUMNS, rows, format: options.format });
    return 0;
  },
});

/** Unknown sizes are negative on the wire. */
function sum<T>(list: readonly T[], bytes: (one: T) => number): number {
  return list.reduce((total, one) => total + Math.max(0, bytes(one)), 0);
}

function usage<T>(
  [type, list]: readonly [string, readonly T[]],
  isActive: (one: T) => boolean,
  bytes: (one: T) => number,
): Usage {
  const idle = list.filter((one) => !isActive(one));
  const active = list.length - idle.length;
  return { type, total: list.length, active, bytes: sum(list, bytes), free: sum(idle, bytes) };
}

function usages(answer: DiskUsageAnswer): Usage[] {
  const containers = answer.Containers ?? [];
  const used = new Set(containers.map(({ ImageID }) => ImageID));
  const images = usage(
    ['Images', answer.Images ?? []],
    ({ Id }) => used.has(Id),
    ({ Size, SharedSize }) => Size - Math.max(0, SharedSize ?? 0),
  );
  const layers = answer.LayersSize ?? images.bytes;
  return [
    { ...images, bytes: layers, free: Math.min(layers, images.free) },
    usage(
      ['Containers', containers],
      ({ State }) => State === 'running' || State === 'paused',
      ({ SizeRw }) => SizeRw ?? 0,
    ),
    usage(
      ['Local Volumes', answer.Volumes ?? []],
      ({ UsageData }) => (UsageData?.RefCount ?? 0) > 0,
      ({ UsageData }) => UsageData?.Size ?? 0,
    ),
    usage(
      ['Build Cache', answer.BuildCache ?? []],
      ({ InUse }) => InUse,
      ({ Size, Shared }) => (Shared ? 0 : Size),
    ),
  ];
}
