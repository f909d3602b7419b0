import { readFile } from 'node:fs/promises';
import { machine } from 'node:os';
import { grantable, ownCapabilities } from '#linux/capabilities.ts';
import { type CgroupLayout, detectCgroups } from '#linux/cgroup.ts';
import { hasAppArmor } from '#linux/kernel.ts';
import { type Limit, parseLimits } from '#linux/proc.ts';

/** What this host, and the engine's own process, can give to a container. */
export interface Host {
  /** `x86_64`, `aarch64`, … */
  machine: string;
  /** Capabilities that can be handed on. */
  capabilities: ReadonlySet<string>;
  /** Whether limits above the own ones can be set. */
  canRaiseLimits: boolean;
  /** Own limits by the name `--ulimit` uses. */
  limits: ReadonlyMap<string, Limit>;
  oomScoreAdj: number;
  cgroups: CgroupLayout;
  appArmor: boolean;
  /** Bytes of memory. */
  memoryBytes: number;
  processors: number;
  /** `core_id/thermal_throttle` folders, which Docker masks. */
  thermalPaths: readonly string[];
}

/** Reads the host once; what changes later (hot-plugged processors) is not worth a read at each start. */
export async function readHost(): Promise<Host> {
  const [limits, score, appArmor, meminfo, cpus] = await Promise.all([
    readFile('/proc/self/limits', 'utf8'),
    readFile('/proc/self/oom_score_adj', 'utf8'),
    hasAppArmor(),
    readFile('/proc/meminfo', 'utf8'),
    readFile('/proc/cpuinfo', 'utf8'),
  ]);
  const sets = ownCapabilities();
  const processors = Math.max(1, cpus.match(/^processor\s*:/gm)?.length ?? 1);
  return {
    machine: machine(),
    capabilities: grantable(sets),
    canRaiseLimits: sets.effective.has('CAP_SYS_RESOURCE'),
    limits: parseLimits(limits),
    oomScoreAdj: Number(score),
    cgroups: detectCgroups(),
    appArmor,
    memoryBytes: Number(/^MemTotal:\s+(\d+) kB/m.exec(meminfo)?.[1] ?? 0) * 1024,
    processors,
    thermalPaths: await thermalPaths(processors),
  };
}

async function thermalPaths(processors: number): Promise<string[]> {
  const paths = Array.from({ length: processors }, (_, cpu) => `/sys/devices/system/cpu/cpu${cpu}/thermal_throttle`);
  const found = await Promise.all(
    paths.map((path) =>
      readFile(`${path}/core_throttle_count`).then(
        () => path,
        () => undefined,
      ),
    ),
  );
  return found.filter((path) => path !== undefined);
}
