import { existsSync } from 'node:fs';
import { mkdtempDisposable, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { importBusybox } from '../../../test/support/base-image.ts';
import { startEngine, type TestEngine } from '../../../test/support/engine.ts';

let engine: TestEngine;

beforeAll(async () => {
  engine = await startEngine();
  await importBusybox(engine);
});

afterAll(async () => {
  await engine[Symbol.asyncDispose]();
});

/** A test that failed leaves nothing to the next one. */
afterEach(async () => {
  const ids = (await engine.docker('ps', '--all', '--quiet')).stdout.trim().split('\n').filter(Boolean);
  if (ids.length > 0) await engine.docker('rm', '--force', '--volumes', ...ids);
});

/** Output of a docker command that must succeed. */
async function docker(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await engine.docker(...args);
  expect(`${code} ${stderr}`).toBe('0 ');
  return stdout.trimEnd();
}

async function remove(...names: string[]): Promise<void> {
  await engine.docker('rm', '--force', '--volumes', ...names);
}

const inspect = async (name: string, format: string): Promise<string> => docker('inspect', '--format', format, name);

test('run prints the output and ends with the exit code of the command', async () => {
  const { code, stdout, stderr } = await engine.docker('run', '--rm', 'busybox', 'sh', '-c', 'echo out; echo err >&2; exit 7'); // prettier-ignore
  expect({ code, stdout, stderr }).toEqual({ code: 7, stdout: 'out\n', stderr: 'err\n' });
  expect(await docker('ps', '--all', '--quiet')).toBe('');
});

test('a command that is not there ends with 127, one that cannot be executed with 126', async () => {
  const missing = await engine.docker('run', '--rm', 'busybox', 'no-such-program');
  expect(missing.code).toBe(127);
  expect(missing.stderr).toContain('executable file not found in $PATH');
  expect((await engine.docker('run', '--rm', 'busybox', '/etc/passwd')).code).toBe(126);
  expect(await docker('ps', '--all', '--quiet')).toBe('');
});

test("a container has Docker's default posture", async () => {
  const status = await docker('run', '--rm', 'busybox', 'cat', '/proc/self/status');
  expect(status).toContain('CapInh:\t0000000000000000');
  expect(status).toContain('CapAmb:\t0000000000000000');
  expect(status).toContain('CapBnd:\t00000000a80425fb');
  expect(status).toContain('CapEff:\t00000000a80425fb');
  expect(status).toContain('Seccomp:\t2');
  const descriptors = await docker('run', '--rm', 'busybox', 'sh', '-c', 'ls -1 /proc/1/fd; true');
  expect(descriptors.split('\n')).toEqual(['0', '1', '2']);
  const { code } = await engine.docker('run', '--rm', 'busybox', 'sh', '-c', 'echo 1 > /proc/sys/kernel/sysrq');
  expect(code).not.toBe(0);
  expect(await docker('run', '--rm', 'busybox', 'sh', '-c', 'cat /proc/kcore /proc/keys 2>/dev/null | wc -c')).toBe(
    '0',
  );
});

test('user, working directory, environment, entrypoint and hostname are as asked for', async () => {
  const script = 'id -u; id -g; pwd; echo $A $B; hostname';
  const output = await docker('run', '--rm', '-u', 'user', '-w', '/new/place', '-e', 'A=1', '-e', 'B=two words', '-h', 'box', '--entrypoint', 'sh', 'busybox', '-c', script); // prettier-ignore
  expect(output.split('\n')).toEqual(['1000', '1000', '/new/place', '1 two words', 'box']);
  const unknown = await engine.docker('run', '--rm', '-u', 'nobody-here', 'busybox', 'true');
  expect(unknown.stderr).toContain('unable to find user nobody-here: no matching entries in passwd file');
  expect(await docker('run', '--rm', '-u', '1234:5', 'busybox', 'id')).toContain('uid=1234 gid=5(tty)');
});

test('standard input reaches the command, and its end ends it', async () => {
  const { stdout, code } = await engine.command(['docker', 'run', '--rm', '-i', 'busybox', 'sh', '-c', 'cat; echo end'], { input: 'one\ntwo\n' }); // prettier-ignore
  expect({ stdout, code }).toEqual({ stdout: 'one\ntwo\nend\n', code: 0 });
});

test('a large output comes out whole', async () => {
  const { stdout } = await engine.docker('run', '--rm', 'busybox', 'sh', '-c', 'seq 1 200000');
  expect(stdout.length).toBe(1_288_895);
  expect(stdout.endsWith('\n199999\n200000\n')).toBe(true);
});

test('a client that falls behind still gets everything', async () => {
  const slow = 'docker run --rm busybox seq 1 600000 | (sleep 2; md5sum)';
  const { stdout } = await engine.command(['sh', '-c', slow]);
  const { stdout: expected } = await engine.command(['sh', '-c', 'seq 1 600000 | md5sum']);
  expect(stdout).toBe(expected);
});

test('a client of an exec that does not read slows the process and loses nothing', async () => {
  await docker('run', '-d', '--name', 'source', 'busybox', 'sleep', '1000');
  const { stdout } = await engine.command(['sh', '-c', 'docker exec source seq 1 900000 | (sleep 2; md5sum)']);
  const { stdout: expected } = await engine.command(['sh', '-c', 'seq 1 900000 | md5sum']);
  expect(stdout).toBe(expected);
});

test('a client that attaches with the log gets all of it once, through a restart and while more comes', async () => {
  const script = 'for i in $(seq 1 3000); do echo line $i; done; sleep 1';
  await docker('run', '-dt', '--name', 'replayed', 'busybox', 'sh', '-c', script);
  await docker('wait', 'replayed');
  await docker('start', 'replayed');
  const { text } = await engine.request('POST', '/containers/replayed/attach?logs=1&stream=1&stdout=1&stderr=1');
  expect(text.match(/line \d+\r\n/g)).toHaveLength(6000);
});

test('a terminal has a size and takes input', async () => {
  const script = "docker run -it --rm busybox sh -c 'read -r line; echo got:$line; tty'";
  const { stdout } = await engine.command(['script', '-qec', script, '/dev/null'], { input: 'typed\n' });
  expect(stdout).toContain('got:typed');
  expect(stdout).toContain('/dev/pts/0');
});

test('logs follow, tail, tell the streams apart and show times', async () => {
  await docker('run', '-d', '--name', 'talker', 'busybox', 'sh', '-c', 'for i in 1 2 3 4 5; do echo line $i; sleep 0.1; done; echo oops >&2'); // prettier-ignore
  const followed = await engine.docker('logs', '--follow', 'talker');
  expect(followed.stdout).toBe('line 1\nline 2\nline 3\nline 4\nline 5\n');
  expect(followed.stderr).toBe('oops\n');
  expect((await engine.docker('logs', '--tail', '2', 'talker')).stdout).toBe('line 5\n');
  const timed = (await engine.docker('logs', '--timestamps', '--tail', '1', 'talker')).stderr;
  expect(timed).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z oops\n$/);
  expect((await engine.docker('logs', '--since', '10m', 'talker')).stdout).toContain('line 1');
  expect((await engine.docker('logs', '--until', '10m', 'talker')).stdout).toBe('');
  await remove('talker');
});

test('a log keeps within its limits, and what is left of it is read over all files', async () => {
  const limits = ['--log-opt', 'max-size=20k', '--log-opt', 'max-file=3'];
  const script = 'i=0; while [ $i -lt 60 ]; do seq -w $((i*100)) $((i*100+99)); i=$((i+1)); sleep 0.1; done';
  await docker('run', '-d', '--name', 'rotated', ...limits, 'busybox', 'sh', '-c', script);
  const followed = await engine.docker('logs', '--follow', 'rotated');
  const id = await inspect('rotated', '{{.Id}}');
  const files = await readdir(join(engine.dataRoot, 'containers', id));
  expect(files.toSorted()).toEqual(['container.log', 'container.log.1', 'container.log.2']);
  expect(followed.stdout.trimEnd().split('\n')).toHaveLength(6000);
  expect((await engine.docker('logs', '--tail', '1', 'rotated')).stdout.trim()).toBe('5999');
});

test('the detach keys leave a terminal without ending it', async () => {
  const script =
    '(sleep 1; printf "\\020\\021"; sleep 1) | script -qec "docker run -it --name left busybox cat" /dev/null';
  await engine.command(['sh', '-c', script]);
  expect(await inspect('left', '{{.State.Status}}')).toBe('running');
});

test('events of a run come in their order', async () => {
  const since = String(Date.now() / 1000);
  await docker('run', '--rm', '--name', 'told', '-v', 'told-volume:/v', 'busybox', 'true');
  await docker('volume', 'rm', 'told-volume');
  const until = String(Date.now() / 1000 + 0.1);
  const events = await docker('events', '--since', since, '--until', until, '--format', '{{.Type}} {{.Action}}');
  const own = events.split('\n');
  const order = ['container create', 'container attach', 'network connect', 'volume mount', 'container start', 'container die', 'network disconnect', 'volume unmount', 'container destroy']; // prettier-ignore
  expect(own.filter((line) => order.includes(line))).toEqual(order);
});

test('exec runs beside the command, with its own user, directory, environment and exit code', async () => {
  await docker('run', '-d', '--name', 'host-of-exec', '-e', 'A=container', 'busybox', 'sleep', '1000');
  const script = 'id -u; pwd; echo $A $B; exit 9';
  const { code, stdout } = await engine.docker('exec', '-u', '1000', '-w', '/tmp', '-e', 'B=exec', 'host-of-exec', 'sh', '-c', script); // prettier-ignore
  expect({ code, stdout }).toEqual({ code: 9, stdout: '1000\n/tmp\ncontainer exec\n' });
  const piped = await engine.command(['docker', 'exec', '-i', 'host-of-exec', 'cat'], { input: 'through' });
  expect(piped.stdout).toBe('through');
  const terminal = await engine.command(['script', '-qec', 'docker exec -it host-of-exec tty', '/dev/null']);
  expect(terminal.stdout).toContain('/dev/pts/');
  expect((await engine.docker('exec', 'host-of-exec', 'no-such-program')).code).toBe(127);
  await docker('exec', '-d', 'host-of-exec', 'touch', '/tmp/detached');
  await sleep(300);
  expect(await docker('exec', 'host-of-exec', 'ls', '/tmp')).toBe('detached');
  expect(await docker('top', 'host-of-exec')).toContain('sleep 1000');
  await remove('host-of-exec');
});

test('stop asks first and kills after its time, kill kills, wait and inspect tell the codes', async () => {
  await docker(
    'run',
    '-d',
    '--name',
    'polite',
    'busybox',
    'sh',
    '-c',
    "trap 'exit 3' TERM; echo ready; while :; do sleep 0.1; done",
  );
  await expect.poll(async () => docker('logs', 'polite'), { timeout: 20_000 }).toBe('ready');
  await docker('stop', 'polite');
  expect(await inspect('polite', '{{.State.Status}} {{.State.ExitCode}}')).toBe('exited 3');
  await docker(
    'run',
    '-d',
    '--name',
    'stubborn',
    'busybox',
    'sh',
    '-c',
    "trap '' TERM; echo ready; while :; do sleep 0.1; done",
  );
  await expect.poll(async () => docker('logs', 'stubborn'), { timeout: 20_000 }).toBe('ready');
  await docker('stop', '--time', '1', 'stubborn');
  expect(await inspect('stubborn', '{{.State.ExitCode}}')).toBe('137');
  await docker('start', 'stubborn');
  await docker('pause', 'stubborn');
  expect(await docker('ps', '--filter', 'name=stubborn', '--format', '{{.Status}}')).toContain('(Paused)');
  expect((await engine.docker('exec', 'stubborn', 'true')).stderr).toContain('is paused');
  await docker('kill', 'stubborn');
  expect(await docker('wait', 'stubborn')).toBe('137');
  const refused = await engine.docker('kill', 'stubborn');
  expect(refused.stderr).toContain('is not running');
  await remove('polite', 'stubborn');
});

test('a running container is only removed by force, a name is taken once', async () => {
  await docker('run', '-d', '--name', 'busy', 'busybox', 'sleep', '1000');
  const refused = await engine.docker('rm', 'busy');
  expect(refused.stderr).toContain('cannot remove container "/busy": container is running');
  const taken = await engine.docker('create', '--name', 'busy', 'busybox', 'true');
  expect(taken.stderr).toContain('The container name "/busy" is already in use by container');
  await docker('rename', 'busy', 'renamed');
  await docker('rm', '--force', 'renamed');
  expect((await engine.docker('inspect', 'renamed')).stderr).toContain('No such object');
});

test('volumes keep their content, are filled from the image, and anonymous ones go with --rm', async () => {
  await docker('run', '--rm', '-v', 'kept:/home', 'busybox', 'sh', '-c', 'ls -d /home/user && echo data > /home/file');
  expect(await docker('run', '--rm', '-v', 'kept:/elsewhere:ro', 'busybox', 'cat', '/elsewhere/file')).toBe('data');
  const readOnly = await engine.docker('run', '--rm', '-v', 'kept:/v:ro', 'busybox', 'touch', '/v/x');
  expect(readOnly.stderr).toContain('Read-only file system');
  await docker('run', '--rm', '-v', '/anonymous', 'busybox', 'touch', '/anonymous/x');
  expect(await docker('volume', 'ls', '--quiet')).toBe('kept');
  await docker('volume', 'rm', 'kept');
});

test('binds reach the host; a missing source is made for -v and refused for --mount', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'bind-'));
  const missing = join(folder.path, 'made', 'here');
  await docker('run', '--rm', '-v', `${missing}:/data`, 'busybox', 'sh', '-c', 'echo hello > /data/file');
  expect(await readFile(join(missing, 'file'), 'utf8')).toBe('hello\n');
  const refused = await engine.docker('run', '--rm', '--mount', `type=bind,src=${folder.path}/none,dst=/x`, 'busybox', 'true'); // prettier-ignore
  expect(refused.stderr).toContain('bind source path does not exist');
  const mounts = await docker('run', '--rm', '--tmpfs', '/scratch:size=1m', 'busybox', 'df', '/scratch');
  expect(mounts).toContain('1024');
});

test('host, none and bridge networks, and the network of another container', async () => {
  expect(await docker('run', '--rm', '--network', 'none', 'busybox', 'ls', '/sys/class/net')).toBe('lo');
  expect(await docker('run', '--rm', '--network', 'bridge', 'busybox', 'ls', '/sys/class/net')).toBe('eth0\nlo');
  const own = await engine.command(['ls', '/sys/class/net']);
  expect((await docker('run', '--rm', '--network', 'host', 'busybox', 'ls', '/sys/class/net')).split('\n').length).toBe(own.stdout.trim().split(/\s+/).length); // prettier-ignore
  await docker('run', '-d', '--name', 'server', 'busybox', 'sh', '-c', 'echo shared > /tmp/index.html; exec httpd -f -p 80 -h /tmp'); // prettier-ignore
  await sleep(300);
  expect(await docker('run', '--rm', '--network', 'container:server', 'busybox', 'wget', '-qO-', 'http://127.0.0.1/')).toBe('shared'); // prettier-ignore
  await remove('server');
});

test('a published port answers on the host, and a taken one is refused', async () => {
  await docker('run', '-d', '--name', 'published', '-p', '127.0.0.1::80', 'busybox', 'sh', '-c', 'echo served > /tmp/index.html; exec httpd -f -p 80 -h /tmp'); // prettier-ignore
  const address = await docker('port', 'published', '80');
  expect(address).toMatch(/^127\.0\.0\.1:\d+$/);
  await expect.poll(async () => (await fetch(`http://${address}/`)).text(), { timeout: 20_000 }).toBe('served\n');
  const refused = await engine.docker('run', '--rm', '-p', `${address}:80`, 'busybox', 'true');
  expect(refused.code).toBe(125);
  expect(refused.stderr).toContain('port is already allocated');
  await remove('published');
});

test('too much memory is killed and said so; limits are in the control group', async () => {
  await docker('create', '--name', 'hungry', '-m', '16m', '--cpus', '0.5', '--pids-limit', '50', 'busybox', 'sh', '-c', 'head -c 200000000 /dev/zero | tail | wc -c; sleep 0.1; exec tail /dev/zero'); // prettier-ignore
  await engine.docker('start', '--attach', 'hungry');
  expect(await inspect('hungry', '{{.State.OOMKilled}} {{.State.ExitCode}}')).toBe('true 137');
  await remove('hungry');
});

test('files go in and out, also of a stopped container, and through volumes', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'cp-'));
  await writeFile(join(folder.path, 'in'), 'content');
  await docker('create', '--name', 'store', '-v', 'files:/files', 'busybox', 'sleep', '1000');
  await docker('cp', join(folder.path, 'in'), 'store:/files/stopped');
  await docker('start', 'store');
  await docker('cp', join(folder.path, 'in'), 'store:/files/running');
  expect(await docker('exec', 'store', 'ls', '/files')).toBe('running\nstopped');
  await docker('exec', 'store', 'sh', '-c', 'mkdir -p /d/sub && echo x > /d/sub/x && ln -s /etc/passwd /d/link');
  await docker('cp', 'store:/d', join(folder.path, 'out'));
  expect(await readdir(join(folder.path, 'out'))).toEqual(['link', 'sub']);
  await docker('cp', 'store:/d/.', join(folder.path, 'content'));
  expect(await readdir(join(folder.path, 'content'))).toEqual(['link', 'sub']);
  const missing = await engine.docker('cp', 'store:/nope', folder.path);
  expect(missing.stderr).toContain('Could not find the file /nope in container store');
  await docker('exec', 'store', 'ln', '-s', '/etc', '/files/escape');
  const before = await stat('/etc');
  await docker('cp', join(folder.path, 'in'), 'store:/files/escape/planted');
  expect(await docker('exec', 'store', 'cat', '/etc/planted')).toBe('content');
  expect(existsSync('/etc/planted')).toBe(false);
  expect((await stat('/etc')).mtimeMs).toBe(before.mtimeMs);
  await remove('store');
  await docker('volume', 'rm', 'files');
});

test('changes, commit and export show what the container did and nothing of its mounts', async () => {
  await docker('run', '--name', 'changed', 'busybox', 'sh', '-c', 'echo new > /root/new; rm /etc/group; mkdir /made');
  const changes = await docker('diff', 'changed');
  expect(changes.split('\n').toSorted()).toEqual(['A /made', 'A /root/new', 'C /etc', 'C /root', 'D /etc/group']);
  await docker('commit', '--change', 'CMD ["cat", "/root/new"]', 'changed', 'committed:1');
  expect(await docker('run', '--rm', 'committed:1')).toBe('new');
  const listed = await engine.command(['sh', '-c', 'docker export changed | tar t']);
  expect(listed.stdout).toContain('root/new');
  await remove('changed');
  await docker('rmi', 'committed:1');
});

test('health checks are run and told', async () => {
  await docker('run', '-d', '--name', 'checked', '--health-cmd', 'test -e /healthy', '--health-interval', '200ms', '--health-retries', '1', 'busybox', 'sleep', '1000'); // prettier-ignore
  await expect.poll(async () => inspect('checked', '{{.State.Health.Status}}'), { timeout: 10_000 }).toBe('unhealthy');
  await docker('exec', 'checked', 'touch', '/healthy');
  await expect.poll(async () => inspect('checked', '{{.State.Health.Status}}'), { timeout: 10_000 }).toBe('healthy');
  expect(await docker('ps', '--filter', 'health=healthy', '--format', '{{.Names}}')).toBe('checked');
  await remove('checked');
});

test('restart policies start again until told to stop', async () => {
  await docker('run', '-d', '--name', 'again', '--restart', 'on-failure:2', 'busybox', 'sh', '-c', 'exit 4');
  await expect.poll(async () => inspect('again', '{{.RestartCount}} {{.State.Status}}'), { timeout: 10_000 }).toBe('2 exited'); // prettier-ignore
  await docker('run', '-d', '--name', 'always', '--restart', 'always', 'busybox', 'sleep', '0.2');
  await expect.poll(async () => Number(await inspect('always', '{{.RestartCount}}')), { timeout: 10_000 }).toBeGreaterThan(1); // prettier-ignore
  await engine.docker('stop', 'always');
  await sleep(500);
  expect(await inspect('always', '{{.State.Status}}')).toBe('exited');
  await remove('again', 'always');
});

test('containers outlive a killed engine, which takes them up with logs and exit codes', async () => {
  await docker('run', '-d', '--name', 'counter', 'busybox', 'sh', '-c', 'for i in $(seq 1 100); do echo line $i; sleep 0.1; done; exit 42'); // prettier-ignore
  await docker('run', '-d', '--rm', '--name', 'gone', 'busybox', 'sleep', '1');
  await docker('run', '-d', '--name', 'stays', '-p', '127.0.0.1::80', 'busybox', 'sh', '-c', 'echo served > /tmp/index.html; exec httpd -f -p 80 -h /tmp'); // prettier-ignore
  const address = await docker('port', 'stays', '80');
  await sleep(500);
  await engine.kill('SIGKILL');
  await sleep(1500);
  await engine.start();
  expect(await docker('ps', '--format', '{{.Names}}')).toBe('stays\ncounter');
  expect((await engine.docker('ps', '--all', '--format', '{{.Names}}')).stdout).not.toContain('gone');
  expect(await docker('exec', 'stays', 'echo', 'alive')).toBe('alive');
  expect(await (await fetch(`http://${address}/`)).text()).toBe('served\n');
  expect(await docker('wait', 'counter')).toBe('42');
  const { stdout } = await engine.docker('logs', 'counter');
  expect(stdout.trimEnd().split('\n').length).toBe(100);
  await remove('counter', 'stays');
});

test('an end that no engine saw is told by the next one', async () => {
  await docker('run', '-d', '--name', 'unseen', 'busybox', 'sh', '-c', 'sleep 0.5; echo last; exit 23');
  await engine.kill('SIGKILL');
  await sleep(1000);
  await engine.start();
  expect(await inspect('unseen', '{{.State.Status}} {{.State.ExitCode}}')).toBe('exited 23');
  expect(await docker('logs', 'unseen')).toBe('last');
  await remove('unseen');
});

test('a hundred quick runs leave nothing', async () => {
  for (let batch = 0; batch < 25; batch++)
    await Promise.all(Array.from({ length: 4 }, async () => docker('run', '--rm', 'busybox', 'true')));
  expect(await docker('ps', '--all', '--quiet')).toBe('');
  expect(await readdir(join(engine.execRoot, 'containers'))).toEqual([]);
  expect(await readdir(join(engine.execRoot, 'runc'))).toEqual([]);
  expect(await readdir(join(engine.execRoot, 'exits'))).toEqual([]);
  expect(await readdir(join(engine.dataRoot, 'containers'))).toEqual([]);
  expect(await readFile('/proc/self/mountinfo', 'utf8')).not.toContain(`${engine.execRoot}/containers`);
  await sleep(5000);
  const children = await readFile(`/proc/${engine.pid}/task/${engine.pid}/children`, 'utf8');
  expect(children.trim()).toBe('');
});
