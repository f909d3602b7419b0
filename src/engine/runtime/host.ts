import { access, readFile } from 'node:fs/promises';
import { machine } from 'node:os';
import { join } from 'node:path';
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
  /** Whether swap can be limited. */
  swapLimit: boolean;
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
  const cgroups = detectCgroups();
  const processors = Math.max(1, cpus.match(/^processor\s*:/gm)?.length ?? 1);
  return {
    machine: machine(),
    capabilities: grantable(sets),
    canRaiseLimits: sets.effective.has('CAP_SYS_RESOURCE'),
    limits: parseLimits(limits),
    oomScoreAdj: Number(score),
    cgroups,
    swapLimit: await limitsSwap(cgroups),
    appArmor,
    memoryBytes: Number(/^MemTotal:\s+(\d+) kB/m.exec(meminfo)?.[1] ?? 0) * 1024,
    processors,
    thermalPaths: await thermalPaths(processors),
  };
}

async function limitsSwap({ version, unified = '', controllers }: CgroupLayout): Promise<boolean> {
  if (version === 1) return exists(join(controllers.get('memory') ?? '', 'memory.memsw.limit_in_bytes'));
  // The root has no such file: our own group tells.
  const own = /^0::(.*)$/m.exec(await readFile('/proc/self/cgroup', 'utf8'))?.[1] ?? '/';
  return own === '/' || exists(join(unified, own, 'memory.swap.max'));
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
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
