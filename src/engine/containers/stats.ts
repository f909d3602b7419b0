import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cgroupFolder } from '#linux/cgroup.ts';
import type { Context } from './context.ts';
import type { ContainerRecord } from './record.ts';

/** What a container used up to now. */
export interface Sample {
  /** Milliseconds since epoch. */
  readAt: number;
  cpu: {
    /** Nanoseconds. */
    total: number;
    user: number;
    kernel: number;
    perCpu: readonly number[];
    /** Of the whole host. */
    system: number;
    processors: number;
    periods: number;
    throttledPeriods: number;
    throttledNanos: number;
  };
  memory: { usage: number; peak: number; limit: number; stats: Readonly<Record<string, number>>; failures: number };
  pids: { current: number; limit: number };
  io: readonly { major: number; minor: number; op: string; value: number }[];
  networks: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Version of the control groups, which decides how clients count memory. */
  version: 1 | 2;
}

const NANOS_PER_TICK = 10_000_000;
const NANOS_PER_MICRO = 1000;

/** Reads the counters of a running container. */
export async function sampleContainer(
  context: { runtime: Pick<Context['runtime'], 'host' | 'groupOf'> },
  { id, task }: Pick<ContainerRecord, 'id' | 'task'>,
): Promise<Sample> {
  const { host } = context.runtime;
  const group = context.runtime.groupOf(id);
  const { cgroups, processors, memoryBytes } = host;
  const read = async (controller: string, file: string): Promise<string> => {
    const folder =
      cgroups.version === 2 ? join(cgroups.unified ?? '', group) : cgroupFolder(cgroups, controller, group);
    return folder === undefined ? '' : readFile(join(folder, file), 'utf8').catch(() => '');
  };
  const [system, networks, used] = await Promise.all([
    systemNanos(),
    networkCounters(task?.pid),
    cgroups.version === 1 ? sampleV1(read) : sampleV2(read),
  ]);
  const { memory, cpu, ...rest } = used;
  const limit = memory.limit > 0 && memory.limit < memoryBytes ? memory.limit : memoryBytes;
  return {
    readAt: Date.now(),
    version: cgroups.version,
    networks,
    cpu: { ...cpu, system, processors },
    memory: { ...memory, limit },
    ...rest,
  };
}

type Read = (controller: string, file: string) => Promise<string>;
type Used = Pick<Sample, 'memory' | 'pids' | 'io'> & { cpu: Omit<Sample['cpu'], 'system' | 'processors'> };

async function sampleV1(read: Read): Promise<Used> {
  const [total, perCpu, stat, throttle, usage, peak, limit, memoryStat, failures, pids, pidsMax, io] =
    await Promise.all([
      read('cpuacct', 'cpuacct.usage'),
      read('cpuacct', 'cpuacct.usage_percpu'),
      read('cpuacct', 'cpuacct.stat'),
      read('cpu', 'cpu.stat'),
      read('memory', 'memory.usage_in_bytes'),
      read('memory', 'memory.max_usage_in_bytes'),
      read('memory', 'memory.limit_in_bytes'),
      read('memory', 'memory.stat'),
      read('memory', 'memory.failcnt'),
      read('pids', 'pids.current'),
      read('pids', 'pids.max'),
      read('blkio', 'blkio.throttle.io_service_bytes_recursive'),
    ]);
  const times = pairs(stat);
  const throttled = pairs(throttle);
  return {
    cpu: {
      total: Number(total),
      user: (times['user'] ?? 0) * NANOS_PER_TICK,
      kernel: (times['system'] ?? 0) * NANOS_PER_TICK,
      perCpu: perCpu.trim().split(/\s+/).filter(Boolean).map(Number),
      periods: throttled['nr_periods'] ?? 0,
      throttledPeriods: throttled['nr_throttled'] ?? 0,
      throttledNanos: throttled['throttled_time'] ?? 0,
    },
    memory: {
      usage: Number(usage),
      peak: Number(peak),
      limit: Number(limit),
      stats: pairs(memoryStat),
      failures: Number(failures),
    },
    pids: { current: Number(pids), limit: limitOf(pidsMax) },
    io: io.split('\n').flatMap((line) => {
      const [, major, minor, op, value] = /^(\d+):(\d+) (\w+) (\d+)$/.exec(line) ?? [];
      return op === undefined ? [] : [{ major: Number(major), minor: Number(minor), op, value: Number(value) }];
    }),
  };
}

async function sampleV2(read: Read): Promise<Used> {
  const [cpu, usage, peak, limit, stat, events, pids, pidsMax, io] = await Promise.all(
    ['cpu.stat', 'memory.current', 'memory.peak', 'memory.max', 'memory.stat', 'memory.events', 'pids.current', 'pids.max', 'io.stat'].map(async (file) => read('', file)), // prettier-ignore
  );
  const times = pairs(cpu ?? '');
  return {
    cpu: {
      total: (times['usage_usec'] ?? 0) * NANOS_PER_MICRO,
      user: (times['user_usec'] ?? 0) * NANOS_PER_MICRO,
      kernel: (times['system_usec'] ?? 0) * NANOS_PER_MICRO,
      perCpu: [],
      periods: times['nr_periods'] ?? 0,
      throttledPeriods: times['nr_throttled'] ?? 0,
      throttledNanos: (times['throttled_usec'] ?? 0) * NANOS_PER_MICRO,
    },
    memory: {
      usage: Number(usage),
      peak: Number(peak ?? 0),
      limit: limitOf(limit ?? ''),
      stats: pairs(stat ?? ''),
      failures: pairs(events ?? '')['oom'] ?? 0,
    },
    pids: { current: Number(pids), limit: limitOf(pidsMax ?? '') },
    io: (io ?? '').split('\n').flatMap(ioLine),
  };
}

/** `8:0 rbytes=1 wbytes=2 …`. */
function ioLine(line: string): Sample['io'][number][] {
  const [, major, minor, rest = ''] = /^(\d+):(\d+) (.*)$/.exec(line) ?? [];
  const bytes = (name: string): number => Number(new RegExp(`\\b${name}=(\\d+)`).exec(rest)?.[1] ?? 0);
  if (major === undefined) return [];
  const device = { major: Number(major), minor: Number(minor) };
  return [
    { ...device, op: 'read', value: bytes('rbytes') },
    { ...device, op: 'write', value: bytes('wbytes') },
  ];
}

function limitOf(text: string): number {
  const limit = Number(text);
  return Number.isFinite(limit) ? limit : 0;
}

function pairs(text: string): Record<string, number> {
  const lines = text.split('\n').map((line) => line.split(' '));
  return Object.fromEntries(lines.filter((words) => words.length === 2).map(([key, value]) => [key, Number(value)]));
}

async function systemNanos(): Promise<number> {
  const [line = ''] = (await readFile('/proc/stat', 'utf8')).split('\n');
  const ticks = line.trim().split(/\s+/).slice(1, 9).map(Number); // prettier-ignore
  return ticks.reduce((sum, value) => sum + value, 0) * NANOS_PER_TICK;
}

const COLUMNS = ['rx_bytes', 'rx_packets', 'rx_errors', 'rx_dropped', '', '', '', '', 'tx_bytes', 'tx_packets', 'tx_errors', 'tx_dropped']; // prettier-ignore

async function networkCounters(pid: number | undefined): Promise<Sample['networks']> {
  if (pid === undefined) return {};
  const text = await readFile(`/proc/${pid}/net/dev`, 'utf8').catch(() => '');
  const rows = text.split('\n').flatMap((line) => {
    const [, name, rest] = /^\s*(\S+):\s*(.*)$/.exec(line) ?? [];
    if (name === undefined || rest === undefined || name === 'lo') return [];
    const values = rest.split(/\s+/).map(Number);
    const named = COLUMNS.map((column, index) => [column, values[index] ?? 0] as const).filter(
      ([column]) => column !== '',
    );
    return [[name, Object.fromEntries(named)] as const];
  });
  return Object.fromEntries(rows);
}
