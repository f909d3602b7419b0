import { expect, test } from 'vitest';
import { parseCapabilities } from './capabilities.ts';
import { layoutOf, cgroupFolders } from './cgroup.ts';
import { kernelAtLeast } from './kernel.ts';
import { deviceNumber, parseDeviceNumber } from './mknod.ts';
import { parseOsRelease } from './os-release.ts';
import { parseLimits, parseMountinfo, parseStat } from './proc.ts';
import { exitCodeOf } from './wait.ts';

test('mountinfo lines are told with their escapes undone', () => {
  const [entry] = parseMountinfo(
    '36 35 98:0 /mnt1 /mnt/a\\040b rw,noatime shared:1 master:2 - ext3 /dev/root rw,errors=continue\n',
  );
  expect(entry).toEqual({
    id: 36,
    parent: 35,
    root: '/mnt1',
    mountPoint: '/mnt/a b',
    options: ['rw', 'noatime'],
    propagation: ['shared:1', 'master:2'],
    type: 'ext3',
    source: '/dev/root',
    superOptions: ['rw', 'errors=continue'],
  });
});

test('a program name with parentheses does not shift the fields of stat', () => {
  const rest = Array.from({ length: 48 }, (_, index) => String(index + 100)).join(' ');
  const stat = parseStat(`42 (a) (b) Z 7 ${rest}\n`);
  expect(stat).toMatchObject({ pid: 42, name: 'a) (b', state: 'Z', parent: 7 });
  expect(stat.exitStatus).toBe(147);
});

test('limits have the names that --ulimit uses', () => {
  const text =
    'Limit                     Soft Limit           Hard Limit           Units     \n' +
    'Max cpu time              unlimited            unlimited            seconds   \n' +
    'Max open files            1024                 20000                files     \n';
  expect(parseLimits(text).get('nofile')).toEqual({ soft: 1024, hard: 20_000 });
  expect(parseLimits(text).get('cpu')?.hard).toBe(Number.POSITIVE_INFINITY);
});

test('capability masks become names', () => {
  const sets = parseCapabilities('CapPrm:\t0000000000000003\nCapEff:\t0000000000000001\nCapBnd:\t000001ffffffffff\n');
  expect([...sets.permitted]).toEqual(['CAP_CHOWN', 'CAP_DAC_OVERRIDE']);
  expect(sets.bounding.has('CAP_CHECKPOINT_RESTORE')).toBe(true);
});

test('control groups of the first version are found with joined controllers and a second-version tree beside', () => {
  const mounts = parseMountinfo(
    '31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n' +
      '32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n' +
      '33 31 0:30 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n' +
      '40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd\n' +
      '41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw,nsdelegate\n',
  );
  const layout = layoutOf(mounts, {});
  expect(layout.version).toBe(1);
  expect(layout.unified).toBe('/sys/fs/cgroup/unified');
  expect(layout.controllers.get('cpuacct')).toBe('/sys/fs/cgroup/cpu,cpuacct');
  expect(layout.controllers.get('name=systemd')).toBe('/sys/fs/cgroup/systemd');
  expect(cgroupFolders(layout, '/berth/x')).toEqual([
    '/sys/fs/cgroup/cpu,cpuacct/berth/x',
    '/sys/fs/cgroup/memory/berth/x',
    '/sys/fs/cgroup/systemd/berth/x',
    '/sys/fs/cgroup/unified/berth/x',
  ]);
});

test('control groups of the second version are one tree', () => {
  const layout = layoutOf([], { controllers: 'cpuset cpu io memory pids\n' });
  expect(layout.version).toBe(2);
  expect(cgroupFolders(layout, '/berth')).toEqual(['/sys/fs/cgroup/berth']);
  expect(layout.controllers.get('io')).toBe('/sys/fs/cgroup');
});

test('device numbers survive packing', () => {
  expect(deviceNumber(1, 3)).toBe(259n);
  for (const [major, minor] of [
    [8, 17],
    [259, 70_000],
    [4096, 5],
  ] as const)
    expect(parseDeviceNumber(deviceNumber(major, minor))).toEqual({ major, minor });
});

test('exit codes are told as a shell would', () => {
  expect([exitCodeOf(0), exitCodeOf(42 << 8), exitCodeOf(9), exitCodeOf(15 | 0x80)]).toEqual([0, 42, 137, 143]);
});

test('os-release values lose their quotes', () => {
  const release = parseOsRelease('ID=ubuntu\nID_LIKE="debian x"\nPRETTY_NAME="A \\"B\\""\nVERSION_ID=\'24.04\'\n');
  expect(release).toEqual({
    id: 'ubuntu',
    idLike: ['debian', 'x'],
    versionId: '24.04',
    codename: '',
    prettyName: 'A "B"',
  });
});

test('kernel releases compare by number', () => {
  expect(kernelAtLeast(6, 12, '6.9.1-x')).toBe(false);
  expect(kernelAtLeast(5, 19, '6.1.0-30-amd64')).toBe(true);
});
