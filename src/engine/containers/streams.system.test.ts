import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { containerSuite } from './test-suite.ts';

const suite = containerSuite();

test('standard input reaches the command, and its end ends it', async () => {
  const { stdout, code } = await suite.engine.command(['docker', 'run', '--rm', '-i', 'busybox', 'sh', '-c', 'cat; echo end'], { input: 'one\ntwo\n' }); // prettier-ignore
  expect({ stdout, code }).toEqual({ stdout: 'one\ntwo\nend\n', code: 0 });
});

test('a large output comes out whole', async () => {
  const { stdout } = await suite.engine.docker('run', '--rm', 'busybox', 'sh', '-c', 'seq 1 200000');
  expect(stdout.length).toBe(1_288_895);
  expect(stdout.endsWith('\n199999\n200000\n')).toBe(true);
});

test('a client that falls behind still gets everything', async () => {
  const slow = 'docker run --rm busybox seq 1 600000 | (sleep 2; md5sum)';
  const { stdout } = await suite.engine.command(['sh', '-c', slow]);
  const { stdout: expected } = await suite.engine.command(['sh', '-c', 'seq 1 600000 | md5sum']);
  expect(stdout).toBe(expected);
});

test('a client of an exec that does not read slows the process and loses nothing', async () => {
  await suite.docker('run', '-d', '--name', 'source', 'busybox', 'sleep', '1000');
  const { stdout } = await suite.engine.command(['sh', '-c', 'docker exec source seq 1 900000 | (sleep 2; md5sum)']);
  const { stdout: expected } = await suite.engine.command(['sh', '-c', 'seq 1 900000 | md5sum']);
  expect(stdout).toBe(expected);
});

test('a client that attaches with the log gets all of it once, through a restart and while more comes', async () => {
  const script = 'for i in $(seq 1 3000); do echo line $i; done; sleep 1';
  await suite.docker('run', '-dt', '--name', 'replayed', 'busybox', 'sh', '-c', script);
  await suite.docker('wait', 'replayed');
  await suite.docker('start', 'replayed');
  const { text } = await suite.engine.request('POST', '/containers/replayed/attach?logs=1&stream=1&stdout=1&stderr=1');
  expect(text.match(/line \d+\r\n/g)).toHaveLength(6000);
});

test('a terminal has a size and takes input', async () => {
  const script = "docker run -it --rm busybox sh -c 'read -r line; echo got:$line; tty'";
  const { stdout } = await suite.engine.command(['script', '-qec', script, '/dev/null'], { input: 'typed\n' });
  expect(stdout).toContain('got:typed');
  expect(stdout).toContain('/dev/pts/0');
});

test('logs follow, tail, tell the streams apart and show times', async () => {
  await suite.docker('run', '-d', '--name', 'talker', 'busybox', 'sh', '-c', 'for i in 1 2 3 4 5; do echo line $i; sleep 0.1; done; echo oops >&2'); // prettier-ignore
  const followed = await suite.engine.docker('logs', '--follow', 'talker');
  expect(followed.stdout).toBe('line 1\nline 2\nline 3\nline 4\nline 5\n');
  expect(followed.stderr).toBe('oops\n');
  expect((await suite.engine.docker('logs', '--tail', '2', 'talker')).stdout).toBe('line 5\n');
  const timed = (await suite.engine.docker('logs', '--timestamps', '--tail', '1', 'talker')).stderr;
  expect(timed).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z oops\n$/);
  expect((await suite.engine.docker('logs', '--since', '10m', 'talker')).stdout).toContain('line 1');
  expect((await suite.engine.docker('logs', '--until', '10m', 'talker')).stdout).toBe('');
  await suite.remove('talker');
});

test('a log keeps within its limits, and what is left of it is read over all files', async () => {
  const limits = ['--log-opt', 'max-size=20k', '--log-opt', 'max-file=3'];
  const script = 'i=0; while [ $i -lt 60 ]; do seq -w $((i*100)) $((i*100+99)); i=$((i+1)); sleep 0.1; done';
  await suite.docker('run', '-d', '--name', 'rotated', ...limits, 'busybox', 'sh', '-c', script);
  const followed = await suite.engine.docker('logs', '--follow', 'rotated');
  const id = await suite.inspect('rotated', '{{.Id}}');
  const files = await readdir(join(suite.engine.dataRoot, 'containers', id));
  expect(files.toSorted()).toEqual(['container.log', 'container.log.1', 'container.log.2']);
  expect(followed.stdout.trimEnd().split('\n')).toHaveLength(6000);
  expect((await suite.engine.docker('logs', '--tail', '1', 'rotated')).stdout.trim()).toBe('5999');
});

test('the detach keys leave a terminal without ending it', async () => {
  const script =
    '(sleep 1; printf "\\020\\021"; sleep 1) | script -qec "docker run -it --name left busybox cat" /dev/null';
  await suite.engine.command(['sh', '-c', script]);
  expect(await suite.inspect('left', '{{.State.Status}}')).toBe('running');
});
