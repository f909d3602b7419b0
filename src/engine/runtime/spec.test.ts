import { expect, test } from 'vitest';
import { InvalidArgumentError } from '#lib/errors.ts';
import { CAPABILITIES } from '#linux/capabilities.ts';
import { grantCapabilities, grantOomScore, grantUlimits } from './grants.ts';
import type { Host } from './host.ts';
import { ALWAYS_ALLOWED } from './seccomp-profile.ts';
import { customSeccomp, defaultSeccomp } from './seccomp.ts';
import { specJson } from './spec-json.ts';
import { createSpec, type SpecRequest } from './spec.ts';

const host: Host = {
  machine: 'x86_64',
  capabilities: new Set(CAPABILITIES.filter((name) => name !== 'CAP_SYS_RESOURCE')),
  canRaiseLimits: false,
  limits: new Map([['nofile', { soft: 1024, hard: 20_000 }]]),
  oomScoreAdj: 0,
  cgroups: { version: 1, unified: undefined, controllers: new Map() },
  swapLimit: true,
  appArmor: false,
  memoryBytes: 2 ** 34,
  processors: 2,
  thermalPaths: ['/sys/devices/system/cpu/cpu0/thermal_throttle'],
};

const request: SpecRequest = {
  rootfs: '/rootfs',
  args: ['true'],
  env: [],
  cwd: '/',
  user: { uid: 0, gid: 0, additionalGids: [0] },
  cgroup: '/berth-x/y',
};

test('a container without wishes has the default capabilities, and none to inherit', () => {
  const { spec, warnings } = createSpec(request, host);
  const { capabilities } = spec.process;
  expect(capabilities?.bounding).toHaveLength(14);
  expect(capabilities?.effective).toEqual(capabilities?.bounding);
  expect(capabilities?.inheritable).toEqual([]);
  expect(capabilities?.ambient).toEqual([]);
  expect(warnings).toEqual([]);
});

test('another user than root starts with no capability in effect', () => {
  const { spec } = createSpec({ ...request, user: { uid: 1000, gid: 1000, additionalGids: [] } }, host);
  expect(spec.process.capabilities?.effective).toEqual([]);
  expect(spec.process.capabilities?.bounding).toHaveLength(14);
});

test('masked and read-only paths are there, and gone for a privileged container', () => {
  const { spec } = createSpec(request, host);
  expect(spec.linux.maskedPaths).toContain('/proc/kcore');
  expect(spec.linux.maskedPaths).toContain('/sys/devices/system/cpu/cpu0/thermal_throttle');
  expect(spec.linux.readonlyPaths).toContain('/proc/sys');
  const privileged = createSpec({ ...request, privileged: true }, host).spec;
  expect(privileged.linux.maskedPaths).toEqual([]);
  expect(privileged.linux.seccomp).toBeUndefined();
  expect(privileged.mounts.find(({ destination }) => destination === '/sys')?.options).toContain('rw');
  expect(privileged.process.capabilities?.bounding).not.toContain('CAP_SYS_RESOURCE');
});

test('namespaces are own, joined by path, or left out for the host', () => {
  const { spec } = createSpec({ ...request, namespaces: { network: '/ns/net', pid: 'host' } }, host);
  expect(spec.linux.namespaces).toContainEqual({ type: 'network', path: '/ns/net' });
  expect(spec.linux.namespaces.map(({ type }) => type)).not.toContain('pid');
  expect(spec.linux.sysctl).toHaveProperty(['net.ipv4.ip_unprivileged_port_start'], '0');
  expect(createSpec({ ...request, namespaces: { network: 'host' } }, host).spec.linux.sysctl).toBeUndefined();
});

test('a mount of the container takes the place of a default one', () => {
  const own = { destination: '/dev/shm', type: 'bind', source: '/x', options: ['rbind'] };
  const { spec } = createSpec({ ...request, mounts: [own] }, host);
  expect(spec.mounts.filter(({ destination }) => destination === '/dev/shm')).toEqual([own]);
});

function grant(add: string[], drop: string[]): string[] {
  return grantCapabilities({ add, drop, privileged: false }, host).value;
}

test('capabilities are added and dropped by either name, and unknown ones refused', () => {
  expect(grant(['NET_ADMIN'], [])).toContain('CAP_NET_ADMIN');
  expect(grant([], ['cap_chown'])).not.toContain('CAP_CHOWN');
  expect(grant(['CHOWN'], ['ALL'])).toEqual(['CAP_CHOWN']);
  expect(grant(['ALL'], ['MKNOD'])).not.toContain('CAP_MKNOD');
  expect(() => grant(['NO_SUCH'], [])).toThrow(InvalidArgumentError);
});

test('what the host lacks is left out with a line that says so', () => {
  const { value, warnings } = grantCapabilities({ add: ['SYS_RESOURCE'], drop: [], privileged: false }, host);
  expect(value).not.toContain('CAP_SYS_RESOURCE');
  expect(warnings).toHaveLength(1);
  const limits = grantUlimits([{ name: 'nofile', soft: 1_048_576, hard: 1_048_576 }], host);
  expect(limits.value).toEqual([{ type: 'RLIMIT_NOFILE', soft: 20_000, hard: 20_000 }]);
  expect(limits.warnings[0]).toContain('nofile 1048576 lowered to 20000');
  expect(grantOomScore(-500, host)).toMatchObject({ value: 0 });
  expect(grantOomScore(300, host)).toEqual({ value: 300, warnings: [] });
});

test('limits of nothing and soft ones above hard ones are refused', () => {
  expect(() => grantUlimits([{ name: 'nothing', soft: 1, hard: 1 }], host)).toThrow('invalid ulimit type');
  expect(() => grantUlimits([{ name: 'core', soft: 2, hard: 1 }], host)).toThrow('soft limit must be less');
});

test('without a limit is written as the number that no JavaScript number holds', () => {
  const { value } = grantUlimits([{ name: 'core', soft: -1, hard: -1 }], host);
  expect(specJson({ value })).toBe(
    '{"value":[{"type":"RLIMIT_CORE","soft":18446744073709551615,"hard":18446744073709551615}]}',
  );
});

test('the seccomp profile follows the capabilities and the machine', () => {
  expect(ALWAYS_ALLOWED).toHaveLength(361);
  const plain = defaultSeccomp(['CAP_CHOWN'], 'x86_64');
  const names = plain.syscalls.flatMap((rule) => (rule.args === undefined && rule.action === 'SCMP_ACT_ALLOW' ? rule.names : [])); // prettier-ignore
  expect(names).not.toContain('mount');
  expect(names).not.toContain('io_uring_setup');
  expect(names).toContain('arch_prctl');
  expect(plain.syscalls.find((rule) => rule.names.includes('clone3'))).toMatchObject({ errnoRet: 38 });
  const admin = defaultSeccomp(['CAP_SYS_ADMIN'], 'aarch64');
  expect(admin.syscalls.some((rule) => rule.names.includes('mount'))).toBe(true);
  expect(admin.syscalls.some((rule) => rule.names.includes('arch_prctl'))).toBe(false);
  expect(admin.architectures).toEqual(['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM']);
});

test("a profile in Docker's form is resolved for the container", () => {
  const profile = {
    defaultAction: 'SCMP_ACT_ERRNO',
    archMap: [{ architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86'] }],
    syscalls: [
      { names: ['read'], action: 'SCMP_ACT_ALLOW' },
      { names: ['mount'], action: 'SCMP_ACT_ALLOW', includes: { caps: ['CAP_SYS_ADMIN'] } },
      { names: ['clone'], action: 'SCMP_ACT_ALLOW', excludes: { caps: ['CAP_SYS_ADMIN'] } },
    ],
  };
  const resolved = customSeccomp(profile, ['CAP_CHOWN'], 'x86_64');
  expect(resolved.syscalls.flatMap(({ names }) => names)).toEqual(['read', 'clone']);
  expect(resolved.architectures).toEqual(['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86']);
});
