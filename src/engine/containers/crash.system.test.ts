import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { containerSuite } from './test-suite.ts';

const suite = containerSuite();

test('containers outlive a killed engine, which takes them up with logs and exit codes', async () => {
  await suite.docker('run', '-d', '--name', 'counter', 'busybox', 'sh', '-c', 'for i in $(seq 1 100); do echo line $i; sleep 0.1; done; exit 42'); // prettier-ignore
  await suite.docker('run', '-d', '--rm', '--name', 'gone', 'busybox', 'sleep', '1');
  await suite.docker('run', '-d', '--name', 'stays', '-p', '127.0.0.1::80', 'busybox', 'sh', '-c', 'echo served > /tmp/index.html; exec httpd -f -p 80 -h /tmp'); // prettier-ignore
  const address = await suite.docker('port', 'stays', '80');
  await sleep(500);
  await suite.engine.kill('SIGKILL');
  await sleep(1500);
  await suite.engine.start();
  expect(await suite.docker('ps', '--format', '{{.Names}}')).toBe('stays\ncounter');
  expect((await suite.engine.docker('ps', '--all', '--format', '{{.Names}}')).stdout).not.toContain('gone');
  expect(await suite.docker('exec', 'stays', 'echo', 'alive')).toBe('alive');
  expect(await (await fetch(`http://${address}/`)).text()).toBe('served\n');
  expect(await suite.docker('wait', 'counter')).toBe('42');
  const { stdout } = await suite.engine.docker('logs', 'counter');
  expect(stdout.trimEnd().split('\n').length).toBe(100);
  await suite.remove('counter', 'stays');
});

test('containers run on through a clean stop of the engine, their input too', async () => {
  await suite.docker('run', '-di', '--name', 'reader', 'busybox', 'cat');
  await suite.docker('pause', await suite.docker('run', '-d', '--name', 'frozen', 'busybox', 'sleep', '1000'));
  await suite.engine.restart();
  expect(await suite.inspect('frozen', '{{.State.Status}}')).toBe('paused');
  await suite.docker('unpause', 'frozen');
  await suite.engine.command(['sh', '-c', '(echo after; sleep 1) | timeout -s KILL 3 docker attach reader']);
  expect(await suite.docker('logs', 'reader')).toBe('after');
});

test('an end that no engine saw is told by the next one', async () => {
  await suite.docker('run', '-d', '--name', 'unseen', 'busybox', 'sh', '-c', 'sleep 0.5; echo last; exit 23');
  await suite.engine.kill('SIGKILL');
  await sleep(1000);
  await suite.engine.start();
  expect(await suite.inspect('unseen', '{{.State.Status}} {{.State.ExitCode}}')).toBe('exited 23');
  expect(await suite.docker('logs', 'unseen')).toBe('last');
  await suite.remove('unseen');
});

test('an engine killed while containers start and end leaves no container half there', async () => {
  for (const delayMs of [60, 150, 300, 700]) {
    const starts = Array.from({ length: 4 }, async () => suite.engine.docker('run', '-d', '-p', '80', 'busybox', 'sleep', '1000')); // prettier-ignore
    const ends = Array.from({ length: 4 }, async () => suite.engine.docker('run', '--rm', 'busybox', 'sleep', '0.1'));
    await sleep(delayMs);
    await suite.engine.kill('SIGKILL');
    await Promise.all([...starts, ...ends]);
    await suite.engine.start();
    const names = (await suite.docker('ps', '--quiet', '--no-trunc')).split('\n').filter(Boolean);
    for (const id of names) {
      expect(await suite.docker('exec', id, 'echo', 'alive')).toBe('alive');
      expect(await suite.docker('port', id)).toContain('80/tcp');
    }
    await expect.poll(async () => suite.docker('ps', '--all', '--quiet', '--filter', 'status=exited')).toBe('');
    expect((await readdir(join(suite.engine.execRoot, 'runc'))).toSorted()).toEqual(names.toSorted());
    const ids = (await suite.docker('ps', '--all', '--quiet')).split('\n').filter(Boolean);
    if (ids.length > 0) await suite.docker('rm', '--force', ...ids);
    expect(await readdir(join(suite.engine.execRoot, 'runc'))).toEqual([]);
    expect(await readdir(join(suite.engine.execRoot, 'containers'))).toEqual([]);
  }
});

test('forty quick runs leave nothing', async () => {
  for (let batch = 0; batch < 10; batch++)
    await Promise.all(Array.from({ length: 4 }, async () => suite.docker('run', '--rm', 'busybox', 'true')));
  expect(await suite.docker('ps', '--all', '--quiet')).toBe('');
  expect(await readdir(join(suite.engine.execRoot, 'containers'))).toEqual([]);
  expect(await readdir(join(suite.engine.execRoot, 'runc'))).toEqual([]);
  expect(await readdir(join(suite.engine.execRoot, 'exits'))).toEqual([]);
  expect(await readdir(join(suite.engine.dataRoot, 'containers'))).toEqual([]);
  expect(await readFile('/proc/self/mountinfo', 'utf8')).not.toContain(`${suite.engine.execRoot}/containers`);
  await sleep(5000);
  const children = await readFile(`/proc/${suite.engine.pid}/task/${suite.engine.pid}/children`, 'utf8');
  expect(children.trim()).toBe('');
});
