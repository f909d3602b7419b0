import { InvalidArgumentError } from '#lib/errors.ts';
import type { PruneRule } from './prune.ts';

/** How much of the disk something may take: bytes, or a share of it from 0 to 1. */
export type DiskShare = { bytes: number } | { share: number };

/** When caches of builds are removed without being asked, as `builder.gc` of the configuration file has it. */
export interface GcSettings {
  enabled: boolean;
  reserved?: DiskShare;
  maxUsed?: DiskShare;
  minFree?: DiskShare;
  /** In place of the rules that are made of these. */
  policy?: readonly GcPolicy[];
}

export interface GcPolicy extends Pick<PruneRule, 'all' | 'filters' | 'keepDurationMs'> {
  reserved?: DiskShare;
  maxUsed?: DiskShare;
  minFree?: DiskShare;
}

const HOUR_MS = 3_600_000;
const GIGABYTE = 1e9;
/** What is easily made again, BuildKit's limit for it. */
const SMALL_BYTES = 512e6;
const UNUSED_MS = 60 * 24 * HOUR_MS;

/** What counts where nothing is set, as BuildKit has it: a share of the disk, with an upper limit. */
const DEFAULTS = { reserved: [0.1, 10], maxUsed: [0.6, 100], minFree: 0.2 } as const;

/** The rules by which the cache is kept small, in the order in which they are applied; none if that is switched off. */
export function gcRules(settings: GcSettings, disk: { bytes: number }): PruneRule[] {
  if (!settings.enabled) return [];
  if (settings.policy !== undefined) return settings.policy.map((policy) => ruleOf(policy, disk));
  const limits = limitsOf(settings, disk);
  return [
    // Contexts and checkouts are soon fetched again.
    {
      all: false,
      filters: ['type==source.local', 'type==source.git.checkout'],
      keepDurationMs: 48 * HOUR_MS,
      maxUsedBytes: SMALL_BYTES,
    },
    // Wheels are not: a cache that was used within two weeks stays as long as there is room.
    { all: false, filters: ['type==exec.cachemount'], keepDurationMs: 14 * 24 * HOUR_MS, maxUsedBytes: SMALL_BYTES },
    { all: false, filters: [], keepDurationMs: UNUSED_MS },
    { all: false, filters: [], ...limits },
    { all: true, filters: [], ...limits },
  ];
}

type Limits = Pick<PruneRule, 'reservedBytes' | 'maxUsedBytes' | 'minFreeBytes'>;

function limitsOf({ reserved, maxUsed, minFree }: GcSettings, disk: { bytes: number }): Limits {
  const isSet = reserved !== undefined || maxUsed !== undefined || minFree !== undefined;
  if (isSet) return toLimits({ reserved, maxUsed, minFree }, disk);
  const byDefault = ([share, gigabytes]: readonly [number, number]): number =>
    Math.min(Math.round(disk.bytes * share), gigabytes * GIGABYTE);
  return {
    reservedBytes: byDefault(DEFAULTS.reserved),
    maxUsedBytes: byDefault(DEFAULTS.maxUsed),
    minFreeBytes: Math.round(disk.bytes * DEFAULTS.minFree),
  };
}

function toLimits(
  { reserved, maxUsed, minFree }: { [name in 'reserved' | 'maxUsed' | 'minFree']: DiskShare | undefined },
  disk: { bytes: number },
): Limits {
  const bytesOf = (share: DiskShare): number => ('bytes' in share ? share.bytes : Math.round(disk.bytes * share.share));
  return {
    ...(reserved !== undefined && { reservedBytes: bytesOf(reserved) }),
    ...(maxUsed !== undefined && { maxUsedBytes: bytesOf(maxUsed) }),
    ...(minFree !== undefined && { minFreeBytes: bytesOf(minFree) }),
  };
}

function ruleOf(
  { all, filters, keepDurationMs, reserved, maxUsed, minFree }: GcPolicy,
  disk: { bytes: number },
): PruneRule {
  return {
    all,
    filters,
    ...(keepDurationMs !== undefined && { keepDurationMs }),
    ...toLimits({ reserved, maxUsed, minFree }, disk),
  };
}

const UNITS: Readonly<Record<string, number>> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40, p: 2 ** 50 };

/** Reads `20GB`, `512MiB`, `10%`, `1000000`; units are powers of 1024, as dockerd reads them. @throws {InvalidArgumentError} */
export function parseDiskShare(text: string): DiskShare {
  const percent = /^(\d+(?:\.\d+)?)\s*%$/.exec(text.trim());
  if (percent !== null && Number(percent[1]) <= 100) return { share: Number(percent[1]) / 100 };
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)\s*(?:([kmgtp])i?)?b?$/i.exec(text.trim()) ?? [];
  if (percent !== null || number === undefined)
    throw new InvalidArgumentError(`invalid size: ${JSON.stringify(text)}`, {
      hint: 'write it like 20GB, 512MB or 10%',
    });
  return { bytes: Math.round(Number(number) * (UNITS[unit.toLowerCase()] ?? 1)) };
}
