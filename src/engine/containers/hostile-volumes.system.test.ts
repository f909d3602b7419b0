import { mkdtempDisposable, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { containerSuite } from './test-suite.ts';

const suite = containerSuite();

const part = (subpath: string): string => `type=volume,src=parts,dst=/x,volume-subpath=${subpath}`;

test('a folder of a volume is mounted, and no link in the volume leads to the host instead', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'parts-'));
  await writeFile(join(folder.path, 'file'), 'secret');
  const make = `mkdir /v/folder; echo own > /v/folder/file; ln -s folder /v/near; ln -s ${folder.path} /v/far`;
  await suite.docker('run', '--rm', '-v', 'parts:/v', 'busybox', 'sh', '-c', make);
  const read = async (subpath: string): Promise<{ stdout: string; stderr: string }> =>
    suite.engine.docker('run', '--rm', '--mount', part(subpath), 'busybox', 'cat', '/x/file');
  for (const subpath of ['folder', 'near', 'folder/../near'])
    expect((await read(subpath)).stdout, subpath).toBe(subpath.includes('..') ? '' : 'own\n');
  expect((await read('folder/file')).stderr).toContain("can't open '/x/file': Not a directory");
  for (const subpath of ['far', 'none'])
    expect((await read(subpath)).stderr, subpath).toContain(`cannot access path ${subpath} of volume parts`);
  await suite.docker('volume', 'rm', 'parts');
});

test('files go in and out of a folder of a volume, of a stopped container too', async () => {
  await suite.docker('run', '--rm', '-v', 'parts:/v', 'busybox', 'mkdir', '/v/folder');
  await suite.docker('create', '--name', 'stopped', '--mount', part('folder'), 'busybox', 'ls', '/x');
  await suite.engine.command(['docker', 'cp', '-', 'stopped:/x'], { input: new Uint8Array(1024) });
  await suite.docker('cp', '/etc/hostname', 'stopped:/x/in');
  expect(await suite.docker('start', '--attach', 'stopped')).toBe('in');
  expect(await suite.docker('run', '--rm', '-v', 'parts:/v', 'busybox', 'find', '/v', '-type', 'f')).toBe('/v/folder/in'); // prettier-ignore
  await suite.remove('stopped');
  await suite.docker('volume', 'rm', 'parts');
});

test('what fills a new volume does not go where a container that has it already points', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'filled-'));
  await suite.docker('run', '--name', 'source', 'busybox', 'sh', '-c', 'mkdir /data; echo x > /data/file');
  await suite.docker('commit', 'source', 'filling');
  const race = `while :; do ln -s ${folder.path}/file /v/file; rm -rf /v/file; done 2>/dev/null`;
  await suite.docker('run', '-d', '--name', 'racer', '-v', 'shared:/v', 'busybox', 'sh', '-c', race);
  for (let turn = 0; turn < 20; turn++) {
    await suite.engine.docker('create', '--name', 'filled', '-v', 'shared:/data', 'filling');
    await suite.remove('filled');
  }
  expect(await readdir(folder.path)).toEqual([]);
  await suite.remove('racer', 'source');
  await suite.docker('rmi', 'filling');
  await suite.docker('volume', 'rm', 'shared');
});

test('packing a tree that changes meanwhile leaves out what is gone', async () => {
  const churn = 'mkdir /d; i=0; while :; do touch /d/$i; mkfifo /d/p; rm -rf /d/*; i=$((i+1)); done';
  await suite.docker('run', '-d', '--name', 'churn', 'busybox', 'sh', '-c', churn);
  for (let turn = 0; turn < 30; turn++) {
    const { code, stderr } = await suite.engine.command(['sh', '-c', 'docker cp churn:/d - > /dev/null']);
    expect(`${code} ${stderr}`).toBe('0 ');
    await suite.docker('diff', 'churn');
  }
  await suite.remove('churn');
});

test('a tree too deep for any path is removed with its container', async () => {
  const dig = 'while mkdir ddddddddddddddd && cd ddddddddddddddd; do :; done';
  await suite.engine.docker('run', '--name', 'deep', '-v', 'deep:/v', '-w', '/v', 'busybox', 'sh', '-c', dig);
  await suite.engine.docker('run', '--name', 'deeper', 'busybox', 'sh', '-c', dig);
  await suite.docker('system', 'df', '--verbose');
  await suite.docker('ps', '--all', '--size');
  await suite.remove('deep', 'deeper');
  await suite.docker('volume', 'rm', 'deep');
  const trash = join(suite.engine.dataRoot, 'snapshots', '.trash');
  await expect.poll(async () => readdir(trash), { timeout: 5000 }).toEqual([]);
  expect(await readdir(join(suite.engine.dataRoot, 'volumes'))).toEqual([]);
});
