import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from '#lib/run.ts';
import { type BuildRig, openBuildRig } from '../support/build-rig.ts';
import { importBusybox } from '../support/base-image.ts';
import { startEngine, type TestEngine } from '../support/engine.ts';

// Failures as a person meets them. What has a test of its own elsewhere is not repeated: builds that are left or whose engine is killed
// (server/routes/build-failures), an engine without root or runc (daemon/start), mistakes on the command line (test/transcripts).

const CLI = [process.execPath, 'src/cli/main.ts'];

let rig: BuildRig;
let engine: TestEngine;

beforeAll(async () => {
  rig = await openBuildRig();
  ({ engine } = rig);
});
afterAll(async () => rig?.[Symbol.asyncDispose]());

/** Containers, and their traces outside of the engine. */
async function traces(): Promise<string[]> {
  const { stdout } = await engine.docker('ps', '-a', '--format', '{{.Names}}');
  const mounts = (await readFile('/proc/self/mountinfo', 'utf8'))
    .split('\n')
    .filter((line) => line.includes(engine.execRoot) && line.includes(' overlay '));
  const sandboxes = await readdir(join(engine.execRoot, 'networks')).catch(() => []);
  return [...stdout.trim().split('\n').filter(Boolean), ...mounts, ...sandboxes];
}

/** A folder for PATH that has these programs and no others. */
async function programs(...names: readonly string[]): Promise<string> {
  const folder = await mkdtemp(join(engine.dataRoot, '..', 'bin-'));
  for (const name of names) {
    const { stdout } = await run(['which', name]);
    await symlink(stdout.trim(), join(folder, name));
  }
  return folder;
}

test('a bad Dockerfile: the line, a caret below the word, and what was meant', async () => {
  const folder = await rig.contextOf({ Dockerfile: 'FROM busybox\n\nENV A=1\nRNU make\n' });
  const { code, stderr } = await engine.berth('build', folder);
  expect(code).toBe(1);
  expect(stderr).toContain('berth: dockerfile parse error on line 4: unknown instruction: RNU (did you mean RUN?)');
  expect(stderr).toMatch(/> 4 \| RNU make\n\s+\| \^\^\^\n/);
});

test('a file that COPY does not find is named, with its line', async () => {
  const files = { Dockerfile: 'FROM busybox\nCOPY model.pkl /srv/\n', 'model.pickle': 'x' };
  const { code, stderr } = await engine.berth('build', await rig.contextOf(files));
  expect(code).toBe(1);
  expect(stderr).toContain('model.pkl');
  expect(stderr).toMatch(/> 2 \| COPY model.pkl \/srv\/\n/);
  const docker = await rig.build(files);
  expect(docker).toMatchObject({ code: 1, stderr: expect.stringContaining('model.pkl') });
});

test('a RUN that fails: its command, its code, and the last lines it wrote', async () => {
  const text = 'FROM busybox\nRUN for i in 1 2 3; do echo line $i; done; echo the cause >&2; exit 9\n';
  const { code, stderr } = await engine.command([...CLI, 'build', '-'], { input: text });
  expect(code).toBe(1);
  expect(stderr).toMatch(/^berth: the command at Dockerfile:2 ended with exit code 9$/m);
  expect(stderr).toMatch(/ line 3\n#\d+ \d+\.\d the cause\n/);
  expect(await traces()).toEqual([]);
});

test('a port that another container publishes is refused with its name', async () => {
  await engine.docker('run', '-d', '--name', 'owner', '-p', '127.0.0.1:17801:80', 'busybox', 'sleep', '600');
  const docker = await engine.docker('run', '--rm', '-p', '127.0.0.1:17801:80', 'busybox', 'true');
  expect(docker.code).toBe(125);
  expect(docker.stderr).toContain('Bind for 127.0.0.1:17801 failed: port is already allocated');
  const berth = await engine.berth('run', '--rm', '--name', 'late', '-p', '127.0.0.1:17801:80', 'busybox', 'true');
  expect(berth.code).toBe(125);
  expect(berth.stderr.split('\n').slice(0, 3)).toEqual([
    'berth: driver failed programming external connectivity on endpoint late: Bind for 127.0.0.1:17801 failed: port is already allocated',
    '  why: container owner publishes it',
    '  fix: choose another host port, or stop its owner',
  ]);
  await engine.docker('rm', '-f', 'owner');
  expect(await traces()).toEqual([]);
  expect((await engine.docker('run', '--rm', '-p', '127.0.0.1:17801:80', 'busybox', 'true')).code).toBe(0);
});

test('a port that a program of the host listens on is refused and says so', async () => {
  const server = createServer().listen(17_802, '127.0.0.1');
  await once(server, 'listening');
  const { code, stderr } = await engine.berth('run', '--rm', '-p', '127.0.0.1:17802:80', 'busybox', 'true');
  server.close();
  expect(code).toBe(125);
  expect(stderr).toContain('Bind for 127.0.0.1:17802 failed: port is already allocated\n');
  expect(stderr).toContain('  why: another program of this host listens on 127.0.0.1:17802\n');
  expect(await traces()).toEqual([]);
});

test('a start that fails is told once, and docker run -d tells nothing else', async () => {
  const { code, stderr } = await engine.docker('run', '-d', '--rm', 'busybox', 'no-such-program');
  expect(code).toBe(127);
  expect(stderr).toContain('exec: "no-such-program": executable file not found in $PATH');
  expect(stderr).not.toContain('Error waiting for container');
  await expect.poll(traces).toEqual([]);
});

test('an image that is nowhere, with no registry to ask', async () => {
  const docker = await engine.docker('run', '--rm', '127.0.0.1:9/no/such:1', 'true');
  expect(docker.code).toBe(125);
  expect(docker.stderr).toContain("Unable to find image '127.0.0.1:9/no/such:1' locally");
  expect(docker.stderr).toContain('cannot reach the registry at 127.0.0.1:9: connection refused');
  const berth = await engine.berth('run', '--rm', '127.0.0.1:9/no/such:1', 'true');
  expect(berth.code).toBe(125);
  expect(berth.stderr).toMatch(/^berth: cannot reach the registry at 127\.0\.0\.1:9: .*\n {2}why: .*\n {2}fix: .*\n$/m);
  const built = await engine.command([...CLI, 'build', '-'], { input: 'FROM 127.0.0.1:9/no/such:1\n' });
  expect(built.code).toBe(1);
  expect(built.stderr).toMatch(/berth: .*127\.0\.0\.1:9\/no\/such:1.*\n(.*\n)* {2}fix: /);
});

test('who may not open the socket is told what would help', async () => {
  const socket = join(engine.dataRoot, '..', 's.sock');
  const nobody = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups', 'env', 'HOME=/nonexistent'];
  await run(['chmod', '0755', join(engine.dataRoot, '..')]);
  for (const words of [['ps'], ['serve', 'examples/iris']])
    expect(await engine.command([...nobody, ...CLI, ...words])).toMatchObject({
      code: 1,
      stderr: [
        `berth: no access to the engine at unix://${socket}`,
        '  why: your user may not open its socket',
        '  fix: run the command as root, or join the group that owns the socket',
        '',
      ].join('\n'),
    });
});

test('an engine without conmon does not start, and names the package', async () => {
  const roots = ['--data-root', '/tmp/b-none/d', '--exec-root', '/tmp/b-none/e', '--host', 'unix:///tmp/b-none/s'];
  const PATH = await programs('runc', 'nft', 'ip');
  const started = await engine.command([process.execPath, 'src/daemon/main.ts', 'engine', 'run', ...roots], {
    env: { PATH },
  });
  await rm('/tmp/b-none', { recursive: true, force: true });
  expect(started.code).toBe(1);
  expect(started.stderr).toMatch(/berthd: conmon is not installed\n {2}why: .*\n {2}fix: apt-get install .*conmon\n/);
});

test('--init reaps and hands signals on', async () => {
  const ps = await engine.docker('run', '--rm', '--init', 'busybox', 'ps', '-o', 'pid,args');
  expect(ps.stdout).toMatch(/1 \/sbin\/docker-init -- ps -o pid,args\n/);
  expect((await engine.docker('run', '--rm', '--init', 'busybox', 'sh', '-c', 'exit 5')).code).toBe(5);
  await engine.docker('run', '-d', '--init', '--name', 'quick', 'busybox', 'sleep', '600');
  const before = Date.now();
  await engine.docker('stop', 'quick');
  expect(Date.now() - before).toBeLessThan(5000);
  expect((await engine.docker('diff', 'quick')).stdout).toBe('');
  await engine.docker('rm', 'quick');
});

test('--init without a program for it says which to install', async () => {
  await using other = await startEngine({ env: { PATH: await programs('runc', 'conmon', 'nft', 'ip') } });
  await importBusybox(other);
  const docker = await other.docker('run', '--rm', '--init', 'busybox', 'true');
  expect(docker.code).toBe(127);
  expect(docker.stderr).toContain('exec: "docker-init": executable file not found in $PATH');
  const { stderr } = await other.berth('run', '--rm', '--init', 'busybox', 'true');
  expect(stderr).toMatch(/\n {2}why: --init needs .*\n {2}fix: install it, .*tini\n$/);
  expect((await other.docker('run', '--rm', 'busybox', 'echo', 'without')).stdout).toBe('without\n');
});

test('a request body that is too large is refused while it is still being sent', async () => {
  const body = { Image: 'busybox', Cmd: ['x'.repeat(6 * 1024 * 1024)] };
  const { status, text } = await engine.request('POST', '/containers/create', body);
  expect(status).toBe(413);
  expect(text).toContain('the limit for JSON is 4194304 bytes');
  await writeFile(join(engine.dataRoot, '..', 'labels'), `a=${'x'.repeat(60_000)}\n`.repeat(80).replaceAll('a=', () => `a${Math.random()}=`)); // prettier-ignore
  const labels = join(engine.dataRoot, '..', 'labels');
  const { code, stderr } = await engine.docker('create', '--label-file', labels, 'busybox');
  expect(code).toBe(1);
  expect(stderr).toContain('request body too large');
});
