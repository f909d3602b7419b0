import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { containerSuite } from './test-suite.ts';

const suite = containerSuite();

test('run prints the output and ends with the exit code of the command', async () => {
  const { code, stdout, stderr } = await suite.engine.docker('run', '--rm', 'busybox', 'sh', '-c', 'echo out; echo err >&2; exit 7'); // prettier-ignore
  expect({ code, stdout, stderr }).toEqual({ code: 7, stdout: 'out\n', stderr: 'err\n' });
  expect(await suite.docker('ps', '--all', '--quiet')).toBe('');
});

test('a command that is not there ends with 127, one that cannot be executed with 126', async () => {
  const missing = await suite.engine.docker('run', '--rm', 'busybox', 'no-such-program');
  expect(missing.code).toBe(127);
  expect(missing.stderr).toContain('executable file not found in $PATH');
  expect((await suite.engine.docker('run', '--rm', 'busybox', '/etc/passwd')).code).toBe(126);
  expect(await suite.docker('ps', '--all', '--quiet')).toBe('');
});

test("a container has Docker's default posture", async () => {
  const status = await suite.docker('run', '--rm', 'busybox', 'cat', '/proc/self/status');
  expect(status).toContain('CapInh:\t0000000000000000');
  expect(status).toContain('CapAmb:\t0000000000000000');
  expect(status).toContain('CapBnd:\t00000000a80425fb');
  expect(status).toContain('CapEff:\t00000000a80425fb');
  expect(status).toContain('Seccomp:\t2');
  const descriptors = await suite.docker('run', '--rm', 'busybox', 'sh', '-c', 'ls -1 /proc/1/fd; true');
  expect(descriptors.split('\n')).toEqual(['0', '1', '2']);
  const { code } = await suite.engine.docker('run', '--rm', 'busybox', 'sh', '-c', 'echo 1 > /proc/sys/kernel/sysrq');
  expect(code).not.toBe(0);
  expect(
    await suite.docker('run', '--rm', 'busybox', 'sh', '-c', 'cat /proc/kcore /proc/keys 2>/dev/null | wc -c'),
  ).toBe('0');
});

test('user, working directory, environment, entrypoint and hostname are as asked for', async () => {
  const script = 'id -u; id -g; pwd; echo $A $B; hostname';
  const output = await suite.docker('run', '--rm', '-u', 'user', '-w', '/new/place', '-e', 'A=1', '-e', 'B=two words', '-h', 'box', '--entrypoint', 'sh', 'busybox', '-c', script); // prettier-ignore
  expect(output.split('\n')).toEqual(['1000', '1000', '/new/place', '1 two words', 'box']);
  const unknown = await suite.engine.docker('run', '--rm', '-u', 'nobody-here', 'busybox', 'true');
  expect(unknown.stderr).toContain('unable to find user nobody-here: no matching entries in passwd file');
  expect(await suite.docker('run', '--rm', '-u', '1234:5', 'busybox', 'id')).toContain('uid=1234 gid=5(tty)');
});

test('events of a run come in their order', async () => {
  const since = String(Date.now() / 1000);
  await suite.docker('run', '--rm', '--name', 'told', '-v', 'told-volume:/v', 'busybox', 'true');
  await suite.docker('volume', 'rm', 'told-volume');
  const until = String(Date.now() / 1000 + 0.1);
  const events = await suite.docker('events', '--since', since, '--until', until, '--format', '{{.Type}} {{.Action}}');
  const own = events.split('\n');
  const order = ['container create', 'container attach', 'network connect', 'volume mount', 'container start', 'container die', 'network disconnect', 'volume unmount', 'container destroy']; // prettier-ignore
  expect(own.filter((line) => order.includes(line))).toEqual(order);
});

test('exec runs beside the command, with its own user, directory, environment and exit code', async () => {
  await suite.docker('run', '-d', '--name', 'host-of-exec', '-e', 'A=container', 'busybox', 'sleep', '1000');
  const script = 'id -u; pwd; echo $A $B; exit 9';
  const { code, stdout } = await suite.engine.docker('exec', '-u', '1000', '-w', '/tmp', '-e', 'B=exec', 'host-of-exec', 'sh', '-c', script); // prettier-ignore
  expect({ code, stdout }).toEqual({ code: 9, stdout: '1000\n/tmp\ncontainer exec\n' });
  const piped = await suite.engine.command(['docker', 'exec', '-i', 'host-of-exec', 'cat'], { input: 'through' });
  expect(piped.stdout).toBe('through');
  const terminal = await suite.engine.command(['script', '-qec', 'docker exec -it host-of-exec tty', '/dev/null']);
  expect(terminal.stdout).toContain('/dev/pts/');
  expect((await suite.engine.docker('exec', 'host-of-exec', 'no-such-program')).code).toBe(127);
  await suite.docker('exec', '-d', 'host-of-exec', 'touch', '/tmp/detached');
  await sleep(300);
  expect(await suite.docker('exec', 'host-of-exec', 'ls', '/tmp')).toBe('detached');
  expect(await suite.docker('top', 'host-of-exec')).toContain('sleep 1000');
  await suite.remove('host-of-exec');
});

test('stop asks first and kills after its time, kill kills, wait and inspect tell the codes', async () => {
  await suite.docker(
    'run',
    '-d',
    '--name',
    'polite',
    'busybox',
    'sh',
    '-c',
    "trap 'exit 3' TERM; echo ready; while :; do sleep 0.1; done",
  );
  await expect.poll(async () => suite.docker('logs', 'polite'), { timeout: 20_000 }).toBe('ready');
  await suite.docker('stop', 'polite');
  expect(await suite.inspect('polite', '{{.State.Status}} {{.State.ExitCode}}')).toBe('exited 3');
  await suite.docker(
    'run',
    '-d',
    '--name',
    'stubborn',
    'busybox',
    'sh',
    '-c',
    "trap '' TERM; echo ready; while :; do sleep 0.1; done",
  );
  await expect.poll(async () => suite.docker('logs', 'stubborn'), { timeout: 20_000 }).toBe('ready');
  await suite.docker('stop', '--time', '1', 'stubborn');
  expect(await suite.inspect('stubborn', '{{.State.ExitCode}}')).toBe('137');
  await suite.docker('start', 'stubborn');
  await suite.docker('pause', 'stubborn');
  expect(await suite.docker('ps', '--filter', 'name=stubborn', '--format', '{{.Status}}')).toContain('(Paused)');
  expect((await suite.engine.docker('exec', 'stubborn', 'true')).stderr).toContain('is paused');
  await suite.docker('kill', 'stubborn');
  expect(await suite.docker('wait', 'stubborn')).toBe('137');
  const refused = await suite.engine.docker('kill', 'stubborn');
  expect(refused.stderr).toContain('is not running');
  await suite.remove('polite', 'stubborn');
});

test('a running container is only removed by force, a name is taken once', async () => {
  await suite.docker('run', '-d', '--name', 'busy', 'busybox', 'sleep', '1000');
  const refused = await suite.engine.docker('rm', 'busy');
  expect(refused.stderr).toContain('cannot remove container "/busy": container is running');
  const taken = await suite.engine.docker('create', '--name', 'busy', 'busybox', 'true');
  expect(taken.stderr).toContain('The container name "/busy" is already in use by container');
  await suite.docker('rename', 'busy', 'renamed');
  await suite.docker('rm', '--force', 'renamed');
  expect((await suite.engine.docker('inspect', 'renamed')).stderr).toContain('No such object');
});

test('host, none and bridge networks, and the network of another container', async () => {
  expect(await suite.docker('run', '--rm', '--network', 'none', 'busybox', 'ls', '/sys/class/net')).toBe('lo');
  expect(await suite.docker('run', '--rm', '--network', 'bridge', 'busybox', 'ls', '/sys/class/net')).toBe('eth0\nlo');
  const onHost = await suite.docker('run', '--rm', '--network', 'host', 'busybox', 'ls', '/sys/class/net');
  expect(onHost.split('\n')).toContain(`berth-${suite.engine.id}`);
  await suite.docker('run', '-d', '--name', 'server', 'busybox', 'sh', '-c', 'echo shared > /tmp/index.html; exec httpd -f -p 80 -h /tmp'); // prettier-ignore
  const fetch = async (): Promise<string> => (await suite.engine.docker('run', '--rm', '--network', 'container:server', 'busybox', 'wget', '-qO-', 'http://127.0.0.1/')).stdout; // prettier-ignore
  await expect.poll(fetch, { timeout: 20_000 }).toBe('shared\n');
  await suite.remove('server');
});

test('a published port answers on the host, and a taken one is refused', async () => {
  await suite.docker('run', '-d', '--name', 'published', '-p', '127.0.0.1::80', 'busybox', 'sh', '-c', 'echo served > /tmp/index.html; exec httpd -f -p 80 -h /tmp'); // prettier-ignore
  const address = await suite.docker('port', 'published', '80');
  expect(address).toMatch(/^127\.0\.0\.1:\d+$/);
  await expect.poll(async () => (await fetch(`http://${address}/`)).text(), { timeout: 20_000 }).toBe('served\n');
  const refused = await suite.engine.docker('run', '--rm', '-p', `${address}:80`, 'busybox', 'true');
  expect(refused.code).toBe(125);
  expect(refused.stderr).toContain('port is already allocated');
  await suite.remove('published');
});

test('too much memory is killed and said so; limits are in the control group', async () => {
  await suite.docker('create', '--name', 'hungry', '-m', '16m', '--cpus', '0.5', '--pids-limit', '50', 'busybox', 'sh', '-c', 'head -c 200000000 /dev/zero | tail | wc -c; sleep 0.1; exec tail /dev/zero'); // prettier-ignore
  await suite.engine.docker('start', '--attach', 'hungry');
  expect(await suite.inspect('hungry', '{{.State.OOMKilled}} {{.State.ExitCode}}')).toBe('true 137');
  await suite.remove('hungry');
});

test('health checks are run and told', async () => {
  await suite.docker('run', '-d', '--name', 'checked', '--health-cmd', 'test -e /healthy', '--health-interval', '200ms', '--health-retries', '1', 'busybox', 'sleep', '1000'); // prettier-ignore
  await expect
    .poll(async () => suite.inspect('checked', '{{.State.Health.Status}}'), { timeout: 10_000 })
    .toBe('unhealthy');
  await suite.docker('exec', 'checked', 'touch', '/healthy');
  await expect
    .poll(async () => suite.inspect('checked', '{{.State.Health.Status}}'), { timeout: 10_000 })
    .toBe('healthy');
  expect(await suite.docker('ps', '--filter', 'health=healthy', '--format', '{{.Names}}')).toBe('checked');
  await suite.remove('checked');
});

test('restart policies start again until told to stop', async () => {
  await suite.docker('run', '-d', '--name', 'again', '--restart', 'on-failure:2', 'busybox', 'sh', '-c', 'exit 4');
  await expect.poll(async () => suite.inspect('again', '{{.RestartCount}} {{.State.Status}}'), { timeout: 10_000 }).toBe('2 exited'); // prettier-ignore
  await suite.docker('run', '-d', '--name', 'always', '--restart', 'always', 'busybox', 'sleep', '0.2');
  await expect.poll(async () => Number(await suite.inspect('always', '{{.RestartCount}}')), { timeout: 10_000 }).toBeGreaterThan(1); // prettier-ignore
  await suite.engine.docker('stop', 'always');
  await sleep(500);
  expect(await suite.inspect('always', '{{.State.Status}}')).toBe('exited');
  await suite.remove('again', 'always');
});
