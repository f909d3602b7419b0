import { setTimeout as sleep } from 'node:timers/promises';
import { parseFilters } from '#api/filters.ts';
import { parseUpdate } from '#api/host-config.ts';
import { queryFlag } from '#api/query.ts';
import { formatMillis, ZERO_TIME } from '#api/timestamps.ts';
import type { Containers } from '#engine/containers/containers.ts';
import { PRUNE_FILTERS } from '#engine/containers/prune.ts';
import type { Sample } from '#engine/containers/stats.ts';
import { ConflictError } from '#lib/errors.ts';
import type { Call, Route } from '../route.ts';
import type { ContainersBackend } from './containers.ts';

/** Engine API, tag Container: counters, limits, prune. */
export function containerStatsRoutes({ containers }: ContainersBackend): readonly Route[] {
  const pruning = { now: false };
  return [
    ['GET', '/containers/:name/stats', async (call) => stats(containers, call)],
    ['POST', '/containers/:name/update', async (call) => update(containers, call)],
    ['POST', '/containers/prune', async (call) => prune(containers, call, pruning)],
  ];
}

const INTERVAL_MS = 1000;

async function stats(containers: Containers, call: Call): Promise<void> {
  const { query, signal } = call;
  const name = call.params['name'] ?? '';
  const { id, name: bare } = containers.find(name);
  const identity = { name: `/${bare}`, id };
  if (!queryFlag(query, 'stream', true)) {
    const first = await containers.sample(id);
    const oneShot = queryFlag(query, 'one-shot');
    if (first !== undefined && !oneShot) await sleep(INTERVAL_MS, undefined, { signal }).catch(() => {});
    const second = oneShot ? first : await containers.sample(id);
    call.send(200, statsToWire(identity, second, oneShot ? undefined : first));
    return;
  }
  const lines = call.jsonLines();
  let former: Sample | undefined;
  while (!signal.aborted && containers.records().some((record) => record.id === id)) {
    const sample = await containers.sample(id);
    await lines.write(statsToWire(identity, sample, former));
    former = sample;
    await sleep(INTERVAL_MS, undefined, { signal }).catch(() => {});
  }
  lines.end();
}

function statsToWire(
  identity: { name: string; id: string },
  sample: Sample | undefined,
  former: Sample | undefined,
): Record<string, unknown> {
  if (sample === undefined)
    return { ...identity, read: ZERO_TIME, preread: ZERO_TIME, pids_stats: {}, blkio_stats: {}, num_procs: 0, storage_stats: {}, cpu_stats: cpuToWire(undefined), precpu_stats: cpuToWire(undefined), memory_stats: {} }; // prettier-ignore
  const { memory, pids, io, networks, version } = sample;
  return {
    ...identity,
    read: formatMillis(sample.readAt),
    preread: former === undefined ? ZERO_TIME : formatMillis(former.readAt),
    pids_stats: { current: pids.current, ...(pids.limit > 0 ? { limit: pids.limit } : {}) },
    blkio_stats: {
      io_service_bytes_recursive: io.length === 0 ? null : io,
      io_serviced_recursive: null,
      io_queue_recursive: null,
      io_service_time_recursive: null,
      io_wait_time_recursive: null,
      io_merged_recursive: null,
      io_time_recursive: null,
      sectors_recursive: null,
    },
    num_procs: 0,
    storage_stats: {},
    cpu_stats: cpuToWire(sample),
    precpu_stats: cpuToWire(former),
    memory_stats: {
      usage: memory.usage,
      ...(version === 1 ? { max_usage: memory.peak, failcnt: memory.failures } : {}),
      stats: memory.stats,
      limit: memory.limit,
    },
    ...(Object.keys(networks).length === 0 ? {} : { networks }),
  };
}

function cpuToWire(sample: Sample | undefined): Record<string, unknown> {
  const cpu = sample?.cpu;
  return {
    cpu_usage: {
      total_usage: cpu?.total ?? 0,
      ...(cpu !== undefined && cpu.perCpu.length > 0 ? { percpu_usage: cpu.perCpu } : {}),
      usage_in_kernelmode: cpu?.kernel ?? 0,
      usage_in_usermode: cpu?.user ?? 0,
    },
    ...(cpu === undefined ? {} : { system_cpu_usage: cpu.system, online_cpus: cpu.processors }),
    throttling_data: {
      periods: cpu?.periods ?? 0,
      throttled_periods: cpu?.throttledPeriods ?? 0,
      throttled_time: cpu?.throttledNanos ?? 0,
    },
  };
}

async function update(containers: Containers, call: Call): Promise<void> {
  const warnings = await containers.update(call.params['name'] ?? '', parseUpdate(await call.json()));
  call.send(200, { Warnings: warnings });
}

async function prune(containers: Containers, call: Call, pruning: { now: boolean }): Promise<void> {
  const filters = parseFilters(call.query.get('filters'), PRUNE_FILTERS);
  if (pruning.now) throw new ConflictError('a prune operation is already running');
  pruning.now = true;
  try {
    const { ids, bytes } = await containers.prune(filters);
    call.send(200, { ContainersDeleted: ids.length === 0 ? null : ids, SpaceReclaimed: bytes });
  } finally {
    pruning.now = false;
  }
}
