import { readFile } from 'node:fs/promises';
import { hostname, machine, totalmem } from 'node:os';
import { availableParallelism } from 'node:os';
import type { SystemFacts } from '#api/system.ts';
import { VERSION } from '#lib/version.ts';
import { ownCapabilities } from '#linux/capabilities.ts';
import { type CgroupLayout, detectCgroups } from '#linux/cgroup.ts';
import { hasAppArmor, kernelRelease } from '#linux/kernel.ts';
import { readOsRelease } from '#linux/os-release.ts';

/** What the facts need that only the engine knows. */
export type OwnFacts = Pick<
  SystemFacts,
  | 'id'
  | 'dataRoot'
  | 'execRoot'
  | 'snapshotDriver'
  | 'snapshotStatus'
  | 'addressPools'
  | 'runcVersion'
  | 'conmonVersion'
  | 'initProgram'
>;

const CONTROLLERS = ['memory', 'cpu', 'cpuset', 'pids', 'devices', 'freezer', 'blkio', 'io'];
const GO_ARCHITECTURES: Readonly<Record<string, string>> = { x86_64: 'amd64', aarch64: 'arm64' };

/** Reads the host, once. */
export async function readSystemFacts(own: OwnFacts): Promise<SystemFacts> {
  const cgroups = detectCgroups();
  const [osRelease, appArmor] = await Promise.all([readOsRelease(), hasAppArmor()]);
  return {
    ...own,
    version: VERSION,
    pid: process.pid,
    startedAt: Date.now(),
    kernel: kernelRelease(),
    arch: GO_ARCHITECTURES[machine()] ?? machine(),
    machine: machine(),
    operatingSystem: osRelease.prettyName,
    osVersion: osRelease.versionId,
    hostname: hostname(),
    processors: availableParallelism(),
    memory: totalmem(),
    cgroupVersion: cgroups.version,
    controllers: CONTROLLERS.filter((name) => cgroups.controllers.has(name)),
    securityOptions: [
      ...(appArmor ? ['name=apparmor'] : []),
      'name=seccomp,profile=builtin',
      ...(cgroups.version === 2 ? ['name=cgroupns'] : []),
    ],
    nodeVersion: process.versions.node,
    firewall: 'nftables',
    proxy: readProxy(process.env),
    warnings: [...capabilityWarnings(), ...cgroupWarnings(cgroups), ...runcWarnings(own.runcVersion)],
  };
}

/** Whether the kernel forwards packets between interfaces. */
export async function forwardsIpv4(): Promise<boolean> {
  return (await readFile('/proc/sys/net/ipv4/ip_forward', 'utf8').catch(() => '0')).trim() === '1';
}

/** Credentials in a proxy's address are nobody's business. */
const masked = (address: string): string => address.replace(/\/\/[^@/]*@/, '//xxxxx:xxxxx@');

function readProxy(env: NodeJS.ProcessEnv): SystemFacts['proxy'] {
  const read = (name: string): string => env[name] ?? env[name.toUpperCase()] ?? '';
  return { http: masked(read('http_proxy')), https: masked(read('https_proxy')), no: read('no_proxy') };
}

function capabilityWarnings(): string[] {
  if (ownCapabilities().effective.has('CAP_SYS_RESOURCE')) return [];
  return ['WARNING: the engine lacks CAP_SYS_RESOURCE: limits above its own and negative OOM scores are lowered'];
}

function cgroupWarnings({ controllers }: CgroupLayout): string[] {
  const texts: Readonly<Record<string, string>> = {
    memory: 'No memory limit support',
    cpu: 'No cpu shares and quota support',
    cpuset: 'No cpuset support',
    pids: 'No limit of processes support',
  };
  return Object.entries(texts)
    .filter(([name]) => !controllers.has(name))
    .map(([, text]) => `WARNING: ${text}`);
}

/** First upstream releases without the breakouts of 2025; a distribution's own patches do not show in the version. */
const RUNC_FIXED: readonly (readonly [number, number, number])[] = [
  [1, 2, 8],
  [1, 3, 6],
  [1, 4, 3],
];

export function runcWarnings(version: string): string[] {
  const parts = /^(\d+)\.(\d+)\.(\d+)/.exec(version)?.slice(1).map(Number);
  if (parts === undefined) return ['WARNING: the version of runc is unknown'];
  const [major = 0, minor = 0, patch = 0] = parts;
  const branch = RUNC_FIXED.find(([a, b]) => a === major && b === minor);
  const isFixed = branch === undefined ? major > 1 || minor > 4 : patch >= branch[2];
  if (isFixed) return [];
  return [
    `WARNING: runc ${version} is older than 1.2.8, 1.3.6 and 1.4.3: make sure that your distribution has backported the fixes of CVE-2025-31133, CVE-2025-52565 and CVE-2025-52881`,
  ];
}
