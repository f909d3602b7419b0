import { mkdir, mkdtempDisposable } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loopDevicesBelow } from '#linux/loop-device.ts';
import { mountAt, unmount } from '#linux/mount.ts';
import { mountsBelow } from '#linux/mounts-below.ts';
import { importBusybox } from '../support/base-image.ts';
import { startEngine, type TestEngine } from '../support/engine.ts';

/** A step that reads, changes, hides and adds. */
const CHANGE = 'echo changed >> /etc/passwd; rm /etc/group; mkdir /new; echo new > /new/file';
const LOOK = 'tail -n 1 /etc/passwd; test -e /etc/group || echo no group; cat /new/file';
const LOOKED = 'changed\nno group\nnew\n';

async function journey(engine: TestEngine): Promise<void> {
  await importBusybox(engine);
  const context = await engine.command(['docker', 'build', '-q', '-t', 'built', '-'], {
    input: `FROM busybox\nRUN ${CHANGE}\n`,
    env: { DOCKER_BUILDKIT: '0' },
  });
  expect(context.code).toBe(0);
  expect((await engine.docker('run', '--rm', 'built', 'sh', '-c', LOOK)).stdout).toBe(LOOKED);
  await engine.docker('run', '-d', '--name', 'long', 'built', 'sleep', '1000');
  // The engine dies, and the container's tree stays as it is.
  await engine.kill('SIGKILL');
  await engine.start();
  expect((await engine.docker('exec', 'long', 'sh', '-c', LOOK)).stdout).toBe(LOOKED);
  await engine.docker('exec', 'long', 'sh', '-c', 'rm /new/file; echo more > /new/more');
  const changes = (await engine.docker('diff', 'long')).stdout.trim().split('\n').toSorted();
  expect(changes).toEqual(['A /new/more', 'C /new', 'D /new/file']);
  await engine.docker('commit', 'long', 'committed');
  expect((await engine.docker('run', '--rm', 'committed', 'ls', '/new')).stdout).toBe('more\n');
  await engine.restart();
  expect((await engine.docker('exec', 'long', 'ls', '/new')).stdout).toBe('more\n');
  await engine.docker('rm', '-f', 'long');
  await engine.docker('rmi', '-f', 'built', 'committed', 'busybox');
  await engine.docker('builder', 'prune', '-af');
  expect(mountsBelow(join(engine.dataRoot, 'layers'))).toEqual([]);
  expect(loopDevicesBelow(engine.dataRoot)).toEqual([]);
}

test.each([
  ['directio', 'EROFS, mounted from the file, direct I/O'],
  ['buffered', 'EROFS, mounted from the file, buffered'],
  ['loop', 'EROFS, mounted through loop devices'],
  ['directory', 'unpacked into folders'],
])('images are built, run, committed and removed with layers in the form %s', async (form, shown) => {
  await using engine = await startEngine({ flags: ['--layer-mounts', form] });
  expect((await engine.docker('info')).stdout).toContain(`  Layer files: ${shown}\n`);
  await journey(engine);
});

test('an engine that cannot mount layers as it was told does not start, and says why', async () => {
  await using folder = await mkdtempDisposable('/tmp/b-');
  mountAt(folder.path, { type: 'tmpfs', source: 'tmpfs', options: [] });
  const root = join(folder.path, 'engine');
  await mkdir(root);
  try {
    await expect(startEngine({ root, flags: ['--layer-mounts', 'directio'] })).rejects.toThrow(
      /layers cannot be mounted in the form directio here[^]*directio: mount: [^]*without --layer-mounts/,
    );
  } finally {
    while (unmount(folder.path));
  }
});
