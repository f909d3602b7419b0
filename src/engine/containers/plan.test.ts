import { mkdir, mkdtempDisposable, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseContainerConfig, printContainerConfig } from '#api/container-config.ts';
import { parseHostConfig, printHostConfig, parseUpdate } from '#api/host-config.ts';
import { InvalidArgumentError } from '#lib/errors.ts';
import { withoutMountPoints } from './changes.ts';
import { checkConfig } from './check-config.ts';
import { commandOf, mergeConfig, mergeEnv } from './merge.ts';
import { mountSpecs } from './mount-specs.ts';
import { parseBind, planMounts } from './plan-mounts.ts';
import { parsePort, portRequests } from './ports.ts';
import { restartDelay } from './restart-policy.ts';
import { parseSecurityOptions } from './security-options.ts';
import { parseSignal } from './signals.ts';
import { lookupUser } from './users.ts';
import { makeWorkingDirectory } from './working-directory.ts';

const config = (body: object): ReturnType<typeof parseContainerConfig> => parseContainerConfig(body);
const hostConfig = (body: object): ReturnType<typeof parseHostConfig> => parseHostConfig(body);

test('a command of the container silences that of the image, an entrypoint both', () => {
  const image = { Entrypoint: ['/entry'], Cmd: ['default'], Env: ['A=1', 'PATH=/bin'] };
  expect(commandOf(mergeConfig(config({}), image))).toEqual(['/entry', 'default']);
  expect(commandOf(mergeConfig(config({ Cmd: ['own'] }), image))).toEqual(['/entry', 'own']);
  expect(commandOf(mergeConfig(config({ Entrypoint: ['sh'] }), image))).toEqual(['sh']);
  expect(commandOf(mergeConfig(config({ Entrypoint: [''], Cmd: ['x'] }), image))).toEqual(['x']);
});

test('what no process could be started with is refused', () => {
  for (const body of [
    { Cmd: ['a\0b'] },
    { Env: ['=x'] },
    { Env: ['A=\0'] },
    { Hostname: 'a b' },
    { Hostname: 'x'.repeat(65) },
    { WorkingDir: 'relative' },
  ])
    // prettier-ignore
    expect(() => checkConfig(config(body)), JSON.stringify(body)).toThrow(InvalidArgumentError);
  expect(() => checkConfig(config({ Env: ['A', 'B=\n'], Hostname: 'my_box.example' }))).not.toThrow();
});

test('variables are replaced by name, in place', () => {
  expect(mergeEnv(['A=1', 'B=2'], ['A=3', 'C=4'])).toEqual(['A=3', 'B=2', 'C=4']);
});

test('labels, ports and volumes of image and container are united', () => {
  const merged = mergeConfig(config({ Labels: { a: 'own' }, ExposedPorts: { '80/tcp': {} } }), {
    Labels: { a: 'image', b: 'image' },
    ExposedPorts: { '80/tcp': {}, '443/tcp': {} },
    Volumes: { '/data': {} },
  });
  expect(merged.labels).toEqual({ a: 'own', b: 'image' });
  expect(merged.exposedPorts).toEqual(['80/tcp', '443/tcp']);
  expect(merged.volumes).toEqual(['/data']);
});

test('what the wire says comes back as it was', () => {
  const body = { Hostname: 'h', Env: ['A=1'], Cmd: ['sh'], ExposedPorts: { '80/tcp': {} }, StopTimeout: 3 };
  expect(printContainerConfig(config(body))).toMatchObject(body);
  const host = { Binds: ['/a:/b'], PortBindings: { '80/tcp': [{ HostIp: '', HostPort: '8080' }] }, Memory: 1, PidsLimit: null }; // prettier-ignore
  expect(printHostConfig(hostConfig(host))).toMatchObject(host);
  expect(config({ Cmd: 'one word' }).cmd).toEqual(['one word']);
  expect(() => config({ Env: 'A=1' })).toThrow('Env must be a list');
  expect(() => hostConfig({ Memory: 'much' })).toThrow(InvalidArgumentError);
  expect(parseUpdate({ Memory: 5, RestartPolicy: { Name: 'always' } })).toEqual({
    memory: 5,
    restartPolicy: { name: 'always', maximumRetryCount: 0 },
  });
});

test('binds are told from volumes by their first letter', () => {
  expect(parseBind('/host/:/in:ro')).toMatchObject({ type: 'bind', source: '/host', destination: '/in', writable: false }); // prettier-ignore
  expect(parseBind('name:/in')).toMatchObject({ type: 'volume', name: 'name', writable: true });
  expect(parseBind('/only')).toMatchObject({ type: 'volume', anonymous: true, destination: '/only' });
  for (const wrong of ['a/b:/in', '/a:relative', '/a:/b:what', '/a:/', '::', '/a:/b:ro:x'])
    expect(() => parseBind(wrong), wrong).toThrow(InvalidArgumentError);
});

test('mounts are in order of depth, and given once', () => {
  const plan = planMounts({ volumes: ['/data', '/data/deep'] }, { binds: ['/h:/data/deep/er', 'vol:/data'], mounts: [], tmpfs: { '/tmp': 'size=1m' }, volumeDriver: '' }, []); // prettier-ignore
  expect(plan.map(({ destination, type }) => `${type} ${destination}`)).toEqual(['volume /data', 'tmpfs /tmp', 'volume /data/deep', 'bind /data/deep/er']); // prettier-ignore
  expect(() => planMounts({ volumes: [] }, { binds: ['/a:/x', '/b:/x'], mounts: [], tmpfs: {}, volumeDriver: '' }, [])).toThrow('Duplicate mount point'); // prettier-ignore
});

test('a read-only bind is so in all its depth where the runtime can', () => {
  const mount = { type: 'bind', source: '/x', destination: '/y', mode: '', writable: false, propagation: '' } as const;
  const accessOf = (runc: string, more: object = {}): string[] =>
    mountSpecs('/bundle', [{ ...mount, ...more }], { runc })[0]?.options ?? [];
  expect(accessOf('1.0.3')).toContain('ro');
  expect(accessOf('1.1.5')).toContain('rro');
  expect(accessOf('1.1.5', { readOnlyHere: true })).toContain('ro');
  expect(accessOf('1.1.5', { nonRecursive: true })).toEqual(['bind', 'ro', 'rprivate']);
});

test('ports are numbers with a protocol', () => {
  expect(parsePort('80')).toEqual({ containerPort: 80, protocol: 'tcp' });
  expect(parsePort('53/udp')).toEqual({ containerPort: 53, protocol: 'udp' });
  for (const wrong of ['0', '70000', 'x', '80/sctp'])
    expect(() => parsePort(wrong), wrong).toThrow(InvalidArgumentError);
  const requests = portRequests({
    config: config({ ExposedPorts: { '80/tcp': {}, '81/tcp': {} } }),
    hostConfig: hostConfig({ PublishAllPorts: true, PortBindings: { '80/tcp': [{ HostPort: '8080' }] } }),
  });
  expect(requests).toEqual([
    { containerPort: 80, protocol: 'tcp', hostAddress: '', hostPort: 8080 },
    { containerPort: 81, protocol: 'tcp', hostAddress: '', hostPort: 0 },
  ]);
});

test('signals have names, numbers and real-time ones', () => {
  expect(['KILL', 'SIGTERM', 'hup', '15', 'RTMIN+3', 'SIGRTMAX-1'].map(parseSignal)).toEqual([9, 15, 1, 15, 37, 63]);
  for (const wrong of ['NOPE', '0', '65', 'RTMIN+99'])
    expect(() => parseSignal(wrong)).toThrow(`invalid signal: ${wrong}`);
});

function retried(name: string, restartCount: number, maximumRetryCount = 0): Parameters<typeof restartDelay>[0] {
  return {
    hostConfig: hostConfig({ RestartPolicy: { Name: name, MaximumRetryCount: maximumRetryCount } }),
    restartCount,
    manuallyStopped: false,
  };
}

test('restarts wait longer each time, up to their number', () => {
  const end = { exitCode: 1, ranMs: 0 };
  expect([0, 1, 2, 30].map((count) => restartDelay(retried('always', count), end))).toEqual([100, 200, 400, 60_000]);
  expect(restartDelay(retried('always', 9), { exitCode: 0, ranMs: 20_000 })).toBe(100);
  expect(restartDelay(retried('no', 0), end)).toBeUndefined();
  expect(restartDelay(retried('on-failure', 0), { exitCode: 0, ranMs: 0 })).toBeUndefined();
  expect(restartDelay(retried('on-failure', 3, 3), end)).toBeUndefined();
  expect(restartDelay({ ...retried('always', 0), manuallyStopped: true }, end)).toBeUndefined();
});

test('security options are read, unknown ones refused', () => {
  expect(parseSecurityOptions(['no-new-privileges', 'seccomp=unconfined'])).toMatchObject({ noNewPrivileges: true, seccomp: 'unconfined' }); // prettier-ignore
  expect(parseSecurityOptions(['seccomp={"defaultAction":"SCMP_ACT_ALLOW"}']).seccomp).toEqual({ defaultAction: 'SCMP_ACT_ALLOW' }); // prettier-ignore
  expect(() => parseSecurityOptions(['seccomp=not json'])).toThrow(InvalidArgumentError);
  expect(() => parseSecurityOptions(['nothing=1'])).toThrow(InvalidArgumentError);
});

test("users are looked up in the tree's own files, within limits", async () => {
  await using tree = await mkdtempDisposable(join(tmpdir(), 'tree-'));
  const etc = join(tree.path, 'etc');
  await mkdir(etc);
  await writeFile(
    join(etc, 'passwd'),
    'root:x:0:0::/root:/bin/sh\napp:x:1000:1001::/home/app:/bin/sh\nbig:x:4294967296:0::/:\n',
  );
  await writeFile(join(etc, 'group'), 'root:x:0:\nstaff:x:50:app,other\napp:x:1001:\n');
  expect(lookupUser(tree.path, '')).toEqual({ uid: 0, gid: 0, additionalGids: [0], home: '/root' });
  expect(lookupUser(tree.path, 'app')).toEqual({ uid: 1000, gid: 1001, additionalGids: [1001, 50], home: '/home/app' });
  expect(lookupUser(tree.path, '1000').additionalGids).toEqual([1001, 50]);
  expect(lookupUser(tree.path, 'app:staff')).toMatchObject({ gid: 50, additionalGids: [50] });
  expect(lookupUser(tree.path, '7:8', ['staff'])).toEqual({ uid: 7, gid: 8, additionalGids: [8, 50], home: '/' });
  expect(() => lookupUser(tree.path, 'nobody')).toThrow('unable to find user nobody');
  expect(() => lookupUser(tree.path, 'app:nobody')).toThrow('unable to find group nobody');
  expect(() => lookupUser(tree.path, 'big')).toThrow('range');
  expect(() => lookupUser(tree.path, '4294967296')).toThrow('range');
  await writeFile(join(etc, 'group'), 'x'.repeat(1024 * 1024 + 1));
  expect(() => lookupUser(tree.path, 'app')).toThrow('larger than');
});

test('a passwd file that is a link leads to a file inside the tree', async () => {
  await using tree = await mkdtempDisposable(join(tmpdir(), 'tree-'));
  await mkdir(join(tree.path, 'etc'));
  await symlink('/../../../../etc/passwd', join(tree.path, 'etc', 'group'));
  await writeFile(join(tree.path, 'etc', 'passwd'), 'only:x:5:5::/:\n');
  expect(lookupUser(tree.path, 'only').uid).toBe(5);
  expect(() => lookupUser(tree.path, 'root')).toThrow('unable to find user');
});

test('a working directory is made inside the tree, and never leads to /proc', async () => {
  await using tree = await mkdtempDisposable(join(tmpdir(), 'tree-'));
  await mkdir(join(tree.path, 'proc'));
  await symlink('/proc/self/fd/7', join(tree.path, 'leak'));
  await symlink('/../../elsewhere', join(tree.path, 'up'));
  await writeFile(join(tree.path, 'file'), '');
  expect(makeWorkingDirectory(tree.path, '', [])).toBe('/');
  expect(makeWorkingDirectory(tree.path, '/new/deep', [])).toBe('/new/deep');
  expect((await stat(join(tree.path, 'new/deep'))).isDirectory()).toBe(true);
  expect(makeWorkingDirectory(tree.path, '/up/x', [])).toBe('/up/x');
  expect((await stat(join(tree.path, 'elsewhere/x'))).isDirectory()).toBe(true);
  for (const path of ['/proc', '/proc/self/fd/7', '/leak', '/leak/x', '/file'])
    expect(() => makeWorkingDirectory(tree.path, path, []), path).toThrow(InvalidArgumentError);
});

test('places that mounts needed are no changes', () => {
  const changes = [
    { path: '/dev', kind: 'added' },
    { path: '/etc', kind: 'modified' },
    { path: '/etc/hosts', kind: 'added' },
    { path: '/root', kind: 'modified' },
    { path: '/root/new', kind: 'added' },
    { path: '/vol', kind: 'added' },
  ] as const;
  const volume = { type: 'volume', source: '/x', destination: '/vol', mode: '', writable: true, propagation: '' } as const; // prettier-ignore
  expect(withoutMountPoints(changes, [volume]).map(({ path }) => path)).toEqual(['/root', '/root/new']);
});
