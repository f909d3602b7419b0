import { statSync } from 'node:fs';
import { InvalidArgumentError } from '#lib/errors.ts';
import type { Resources } from '#api/host-config.ts';
import type { ResourcesSpec } from '#oci/runtime-spec.ts';
import type { Host } from '#engine/runtime/host.ts';

const DEFAULT_PERIOD_US = 100_000;
const MEMORY_MINIMUM_BYTES = 6 * 1024 * 1024;
const NANOS = 1e9;

/** Limits as the runtime takes them; what is not set is left out. @throws {InvalidArgumentError} for a device that is not there */
export function resourcesOf(limits: Partial<Resources>, host: Host): Omit<ResourcesSpec, 'devices'> {
  const memory = compact({
    limit: positive(limits.memory),
    reservation: positive(limits.memoryReservation),
    swap: host.swapLimit ? swapOf(limits) : undefined,
    swappiness: host.cgroups.version === 1 ? nonNegative(limits.memorySwappiness) : undefined,
    disableOOMKiller: host.cgroups.version === 1 && limits.oomKillDisable === true ? true : undefined,
  });
  const nanoCpus = positive(limits.nanoCpus);
  const cpu = compact({
    shares: positive(limits.cpuShares),
    period: nanoCpus === undefined ? positive(limits.cpuPeriod) : DEFAULT_PERIOD_US,
    quota: nanoCpus === undefined ? nonZero(limits.cpuQuota) : Math.round((nanoCpus * DEFAULT_PERIOD_US) / NANOS),
    cpus: limits.cpusetCpus || undefined,
    mems: limits.cpusetMems || undefined,
  });
  const blockIO = blockIoOf(limits);
  const pids = positive(limits.pidsLimit);
  return {
    ...(memory === undefined ? {} : { memory }),
    ...(cpu === undefined ? {} : { cpu }),
    ...(pids === undefined ? {} : { pids: { limit: pids } }),
    ...(blockIO === undefined ? {} : { blockIO }),
  };
}

/** Without a word about swap a container may swap as much as it has memory. */
function swapOf({ memory = 0, memorySwap = 0 }: Partial<Resources>): number | undefined {
  if (memory <= 0) return undefined;
  return memorySwap === 0 ? memory * 2 : memorySwap;
}

function blockIoOf(limits: Partial<Resources>): ResourcesSpec['blockIO'] {
  const weights = limits.blkioWeightDevice ?? [];
  return compact({
    weight: positive(limits.blkioWeight),
    weightDevice:
      weights.length === 0 ? undefined : weights.map(({ path, weight }) => ({ ...deviceNumbers(path), weight })),
    throttleReadBpsDevice: throttle(limits.blkioDeviceReadBps),
    throttleWriteBpsDevice: throttle(limits.blkioDeviceWriteBps),
    throttleReadIOPSDevice: throttle(limits.blkioDeviceReadIops),
    throttleWriteIOPSDevice: throttle(limits.blkioDeviceWriteIops),
  });
}

/** Major and minor number of a device node. @throws {InvalidArgumentError} */
export function deviceNumbers(path: string): { major: number; minor: number; type: 'c' | 'b' } {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (stats === undefined || !(stats.isCharacterDevice() || stats.isBlockDevice()))
    throw new InvalidArgumentError(
      `error gathering device information while adding custom device "${path}": not a device node`,
    );
  const { rdev } = stats;
  const major = ((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & ~0xfffn);
  const minor = (rdev & 0xffn) | ((rdev >> 12n) & ~0xffn & 0xffffffffn);
  return { major: Number(major), minor: Number(minor), type: stats.isBlockDevice() ? 'b' : 'c' };
}

/** @throws {InvalidArgumentError} with Docker's texts */
export function checkResources(limits: Partial<Resources>, host: Host): void {
  const { memory = 0, memorySwap = 0, memoryReservation = 0, nanoCpus = 0, cpuQuota = 0, cpuPeriod = 0 } = limits;
  if (memory > 0 && memory < MEMORY_MINIMUM_BYTES) fail('Minimum memory limit allowed is 6MB');
  if (memory > 0 && memorySwap > 0 && memorySwap < memory)
    fail('Minimum memoryswap limit should be larger than memory limit, see usage');
  if (memory === 0 && memorySwap > 0)
    fail('You should always set the Memory limit when using Memoryswap limit, see usage');
  if (memory > 0 && memoryReservation > memory)
    fail('Minimum memory limit can not be less than memory reservation limit, see usage');
  if (nanoCpus > 0 && (cpuPeriod > 0 || cpuQuota > 0))
    fail('Conflicting options: Nano CPUs and CPU Period cannot both be set.');
  if (nanoCpus < 0 || nanoCpus > host.processors * NANOS)
    fail(`range of CPUs is from 0.01 to ${host.processors}.00, as there are only ${host.processors} CPUs available`);
  if (cpuPeriod !== 0 && (cpuPeriod < 1000 || cpuPeriod > 1_000_000))
    fail('CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)');
  if (cpuQuota > 0 && cpuQuota < 1000) fail('CPU cfs quota can not be less than 1ms (i.e. 1000)');
  checkCpuset(limits.cpusetCpus ?? '', host.processors);
  const weight = limits.blkioWeight ?? 0;
  if (weight !== 0 && (weight < 10 || weight > 1000)) fail('Range of blkio weight is from 10 to 1000');
}

/** A list as the kernel writes it: `0-2,5` (cpuset(7), list format). */
function checkCpuset(text: string, processors: number): void {
  for (const range of text === '' ? [] : text.split(',')) {
    const [, first, last = first] = /^(\d+)(?:-(\d+))?$/.exec(range) ?? [];
    if (first === undefined || Number(last) < Number(first)) fail(`invalid value ${text} for cpuset cpus`);
    if (Number(last) >= processors)
      fail(`Requested CPUs are not available - requested ${text}, available: 0-${processors - 1}`);
  }
}

function positive(value: number | undefined): number | undefined {
  return value !== undefined && value > 0 ? value : undefined;
}

function nonNegative(value: number | undefined): number | undefined {
  return value !== undefined && value >= 0 ? value : undefined;
}

function nonZero(value: number | undefined): number | undefined {
  return value === 0 ? undefined : value;
}

type Present<T> = { [Key in keyof T]?: Exclude<T[Key], undefined> };

/** Without the fields that are undefined; undefined if none is left. */
function compact<T extends object>(value: T): Present<T> | undefined {
  const entries = Object.entries(value).filter(([, field]) => field !== undefined);
  return entries.length === 0 ? undefined : (Object.fromEntries(entries) as Present<T>);
}

function throttle(
  rules: readonly { path: string; rate: number }[] = [],
): { major: number; minor: number; rate: number }[] | undefined {
  if (rules.length === 0) return undefined;
  return rules.map(({ path, rate }) => ({ ...deviceNumbers(path), rate }));
}

function fail(message: string): never {
  throw new InvalidArgumentError(message);
}
