import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { parseOptions, UsageError } from '../parse-options.ts';
import { createBody } from './create-body.ts';
import { parseMount, parseVolume } from './mounts.ts';
import { CONTAINER_OPTIONS } from './options.ts';
import { parsePorts } from './ports.ts';
import { parseBytes, parseDevice, parseGpus, parseRestart, parseUlimit } from './values.ts';

function bodyOf(...args: string[]): Record<string, unknown> & { HostConfig: Record<string, unknown> } {
  const { options, words } = parseOptions(CONTAINER_OPTIONS, args, { stopAtFirstWord: true });
  const [image = '', ...command] = words;
  const attach = { stdin: options.interactive, stdout: true, stderr: true };
  return createBody(options, { image, command, attach }) as ReturnType<typeof bodyOf>;
}

test('the usual options of run reach the engine in its words', () => {
  const body = bodyOf(
    '-it', '--rm', '-p', '127.0.0.1:8080:80', '-v', '/data:/data:ro', '-v', '/anonymous', '-e', 'A=1', '-w', '/app', '-u', '1000',
    '-m', '512m', '--cpus', '1.5', '--network', 'net', '--network-alias', 'x', '--entrypoint', 'sh', '--label', 'k=v', 'image', '-c', 'true',
  ); // prettier-ignore
  expect(body).toMatchObject({
    Image: 'image',
    Cmd: ['-c', 'true'],
    Entrypoint: ['sh'],
    Tty: true,
    OpenStdin: true,
    StdinOnce: true,
    Env: ['A=1'],
    Labels: { k: 'v' },
    WorkingDir: '/app',
    User: '1000',
    ExposedPorts: { '80/tcp': {} },
    Volumes: { '/anonymous': {} },
    NetworkingConfig: { EndpointsConfig: { net: { Aliases: ['x'] } } },
  });
  expect(body.HostConfig).toMatchObject({
    AutoRemove: true,
    Binds: ['/data:/data:ro'],
    Memory: 512 * 1024 ** 2,
    NanoCpus: 1_500_000_000,
    NetworkMode: 'net',
    PortBindings: { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '8080' }] },
  });
});

test('what is not asked for is left to the image and the engine', () => {
  const body = bodyOf('image');
  for (const name of ['Cmd', 'Entrypoint', 'Healthcheck', 'StopSignal', 'StopTimeout'])
    expect(body).not.toHaveProperty(name);
  for (const name of ['PidsLimit', 'OomKillDisable', 'Init']) expect(body.HostConfig).not.toHaveProperty(name);
});

test('an empty entrypoint takes the one of the image away', () => {
  expect(bodyOf('--entrypoint', '', 'image')).toMatchObject({ Entrypoint: [''] });
});

test('variables come from files first, and a name alone takes the value of the caller', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'env-'));
  const file = join(folder.path, 'env');
  await writeFile(file, '# comment\nA=1\n\nBERTH_TEST_NOT_SET\nC=x=y\n');
  process.env['BERTH_TEST_SET'] = 'yes';
  expect(bodyOf('--env-file', file, '-e', 'BERTH_TEST_SET', '-e', 'BERTH_TEST_NOT_SET', 'image')).toMatchObject({
    Env: ['A=1', 'C=x=y', 'BERTH_TEST_SET=yes'],
  });
});

test('devices by path and by name go different ways', () => {
  const { HostConfig } = bodyOf(
    '--device',
    '/dev/null:/dev/x:r',
    '--device',
    'vendor.com/class=one',
    '--gpus',
    'all',
    'image',
  );
  expect(HostConfig).toMatchObject({
    Devices: [{ PathOnHost: '/dev/null', PathInContainer: '/dev/x', CgroupPermissions: 'r' }],
    DeviceRequests: [
      { Count: -1, Capabilities: [['gpu']] },
      { Driver: 'cdi', DeviceIDs: ['vendor.com/class=one'] },
    ],
  });
});

test.each([
  ['80', { '80/tcp': [{ HostIp: '', HostPort: '' }] }],
  ['8080:80/udp', { '80/udp': [{ HostIp: '', HostPort: '8080' }] }],
  ['[::1]:8080:80', { '80/tcp': [{ HostIp: '::1', HostPort: '8080' }] }],
  ['127.0.0.1::80', { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }] }],
  ['9000-9001:80-81', { '80/tcp': [{ HostIp: '', HostPort: '9000' }], '81/tcp': [{ HostIp: '', HostPort: '9001' }] }],
  ['9000-9010:80', { '80/tcp': [{ HostIp: '', HostPort: '9000-9010' }] }],
])('--publish %s', (text, bindings) => {
  expect(parsePorts([text], []).PortBindings).toEqual(bindings);
});

test.each(['x', '80:', '1:2:3:4', '70000', '9000-9001:80-85', '90-80', '80/icmp', ''])(
  '--publish %s is refused',
  (text) => {
    expect(() => parsePorts([text], [])).toThrow(UsageError);
  },
);

test('a path of a volume is made absolute, a name stays', () => {
  expect(parseVolume('./x:/y')).toEqual({ bind: `${resolve('x')}:/y` });
  expect(parseVolume('name:/y:ro')).toEqual({ bind: 'name:/y:ro' });
  expect(parseVolume('/y')).toEqual({ anonymous: '/y' });
  expect(() => parseVolume('a:b:c:d')).toThrow(UsageError);
  expect(() => parseVolume(':/y')).toThrow(UsageError);
});

test('--mount is read field by field', () => {
  expect(parseMount('type=bind,src=/a,dst=/b,readonly')).toEqual({
    Type: 'bind',
    Source: '/a',
    Target: '/b',
    ReadOnly: true,
  });
  expect(parseMount('type=tmpfs,target=/t,tmpfs-size=1m')).toMatchObject({ TmpfsOptions: { SizeBytes: 1048576 } });
  expect(parseMount('source=v,target=/t,volume-subpath=s')).toMatchObject({
    Type: 'volume',
    VolumeOptions: { Subpath: 's' },
  });
  expect(() => parseMount('type=bind,src=/a')).toThrow(/target is missing/);
  expect(() => parseMount('target=/t,nope=1')).toThrow(/unknown field nope/);
});

test('values with units and lists', () => {
  expect(parseBytes('memory', '1.5g')).toBe(1.5 * 1024 ** 3);
  expect(parseBytes('memory', '64MiB')).toBe(64 * 1024 ** 2);
  expect(parseBytes('memory-swap', '-1')).toBe(-1);
  expect(() => parseBytes('memory', 'lots')).toThrow(UsageError);
  expect(parseUlimit('nofile=10:20')).toEqual({ Name: 'nofile', Soft: 10, Hard: 20 });
  expect(() => parseUlimit('nofile')).toThrow(UsageError);
  expect(parseRestart('on-failure:3')).toEqual({ Name: 'on-failure', MaximumRetryCount: 3 });
  expect(() => parseRestart('always:3')).toThrow(UsageError);
  expect(parseDevice('/dev/a')).toEqual({ PathOnHost: '/dev/a', PathInContainer: '/dev/a', CgroupPermissions: 'rwm' });
  expect(parseGpus('"device=0,1"')).toMatchObject({ DeviceIDs: ['0', '1'], Count: 0 });
  expect(parseGpus('2')).toMatchObject({ Count: 2 });
  expect(() => parseGpus('nope=1')).toThrow(UsageError);
});

test('--rm and a restart policy exclude each other', () => {
  expect(() => bodyOf('--rm', '--restart', 'always', 'image')).toThrow(UsageError);
  expect(() => bodyOf('--rm', '--restart', 'no', 'image')).not.toThrow();
});
