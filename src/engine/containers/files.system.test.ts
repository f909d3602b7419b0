import { existsSync } from 'node:fs';
import { mkdtempDisposable, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { containerSuite } from './test-suite.ts';

const suite = containerSuite();

test('volumes keep their content, are filled from the image, and anonymous ones go with --rm', async () => {
  await suite.docker(
    'run',
    '--rm',
    '-v',
    'kept:/home',
    'busybox',
    'sh',
    '-c',
    'ls -d /home/user && echo data > /home/file',
  );
  expect(await suite.docker('run', '--rm', '-v', 'kept:/elsewhere:ro', 'busybox', 'cat', '/elsewhere/file')).toBe(
    'data',
  );
  const readOnly = await suite.engine.docker('run', '--rm', '-v', 'kept:/v:ro', 'busybox', 'touch', '/v/x');
  expect(readOnly.stderr).toContain('Read-only file system');
  await suite.docker('run', '--rm', '-v', '/anonymous', 'busybox', 'touch', '/anonymous/x');
  expect(await suite.docker('volume', 'ls', '--quiet')).toBe('kept');
  await suite.docker('volume', 'rm', 'kept');
});

test('binds reach the host; a missing source is made for -v and refused for --mount', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'bind-'));
  const missing = join(folder.path, 'made', 'here');
  await suite.docker('run', '--rm', '-v', `${missing}:/data`, 'busybox', 'sh', '-c', 'echo hello > /data/file');
  expect(await readFile(join(missing, 'file'), 'utf8')).toBe('hello\n');
  const refused = await suite.engine.docker('run', '--rm', '--mount', `type=bind,src=${folder.path}/none,dst=/x`, 'busybox', 'true'); // prettier-ignore
  expect(refused.stderr).toContain('bind source path does not exist');
  const mounts = await suite.docker('run', '--rm', '--tmpfs', '/scratch:size=1m', 'busybox', 'df', '/scratch');
  expect(mounts).toContain('1024');
});

test('files go in and out, also of a stopped container, and through volumes', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'cp-'));
  await writeFile(join(folder.path, 'in'), 'content');
  await suite.docker('create', '--name', 'store', '-v', 'files:/files', 'busybox', 'sleep', '1000');
  await suite.docker('cp', join(folder.path, 'in'), 'store:/files/stopped');
  await suite.docker('start', 'store');
  await suite.docker('cp', join(folder.path, 'in'), 'store:/files/running');
  expect(await suite.docker('exec', 'store', 'ls', '/files')).toBe('running\nstopped');
  await suite.docker('exec', 'store', 'sh', '-c', 'mkdir -p /d/sub && echo x > /d/sub/x && ln -s /etc/passwd /d/link');
  await suite.docker('cp', 'store:/d', join(folder.path, 'out'));
  expect(await readdir(join(folder.path, 'out'))).toEqual(['link', 'sub']);
  await suite.docker('cp', 'store:/d/.', join(folder.path, 'content'));
  expect(await readdir(join(folder.path, 'content'))).toEqual(['link', 'sub']);
  const missing = await suite.engine.docker('cp', 'store:/nope', folder.path);
  expect(missing.stderr).toContain('Could not find the file /nope in container store');
  await suite.docker('exec', 'store', 'ln', '-s', '/etc', '/files/escape');
  const before = await stat('/etc');
  await suite.docker('cp', join(folder.path, 'in'), 'store:/files/escape/planted');
  expect(await suite.docker('exec', 'store', 'cat', '/etc/planted')).toBe('content');
  expect(existsSync('/etc/planted')).toBe(false);
  expect((await stat('/etc')).mtimeMs).toBe(before.mtimeMs);
  await suite.remove('store');
  await suite.docker('volume', 'rm', 'files');
});

test('changes, commit and export show what the container did and nothing of its mounts', async () => {
  await suite.docker(
    'run',
    '--name',
    'changed',
    'busybox',
    'sh',
    '-c',
    'echo new > /root/new; rm /etc/group; mkdir /made',
  );
  const changes = await suite.docker('diff', 'changed');
  expect(changes.split('\n').toSorted()).toEqual(['A /made', 'A /root/new', 'C /etc', 'C /root', 'D /etc/group']);
  await suite.docker('commit', '--change', 'CMD ["cat", "/root/new"]', 'changed', 'committed:1');
  expect(await suite.docker('run', '--rm', 'committed:1')).toBe('new');
  const listed = await suite.engine.command(['sh', '-c', 'docker export changed | tar t']);
  expect(listed.stdout).toContain('root/new');
  await suite.remove('changed');
  await suite.docker('rmi', 'committed:1');
});

test('files that a container swaps under a copy never lead to the host', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'race-'));
  await writeFile(join(folder.path, 'file'), 'content');
  const swap =
    'mkdir /real; cd /; while :; do ln -sfn /../../../../../.. /d 2>/dev/null; rm -f /d; mkdir /d; rm -rf /d; done';
  await suite.docker('run', '-d', '--name', 'swapper', 'busybox', 'sh', '-c', swap);
  const target = `${folder.path.slice(1)}/planted`;
  await suite.docker('exec', 'swapper', 'mkdir', '-p', folder.path);
  const until = Date.now() + 3000;
  while (Date.now() < until) {
    await suite.engine.docker('cp', join(folder.path, 'file'), `swapper:/d/${target}`);
    await suite.engine.docker('cp', `swapper:/d/${folder.path.slice(1)}`, join(folder.path, 'out'));
  }
  expect(await readdir(folder.path)).not.toContain('planted');
});
