import { execFileSync } from 'node:child_process';
import { mkdir, mkdtempDisposable, open, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { MountForm } from '#engine/layers/layer-store.ts';
import { UnavailableError } from '#lib/errors.ts';
import { createLog } from '#lib/log.ts';
import { mountAt, unmount } from '#linux/mount.ts';
import { mountsBelow } from '#linux/mounts-below.ts';
import { mounted, stackTar, tarOf } from './conformance.ts';
import { openTestSnapshots, type TestSnapshots } from './test-snapshots.ts';

const content = 'more than a page of it '.repeat(1000);

/** A data root on a file system of its own. */
async function withDisk(
  mount: (folder: string, target: string) => Promise<void> | void,
  use: (dataRoot: string) => Promise<void>,
): Promise<void> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'probe-'));
  const target = join(folder.path, 'disk');
  await mkdir(target);
  await mount(folder.path, target);
  try {
    await mkdir(join(target, 'data'));
    await use(join(target, 'data'));
  } finally {
    unmount(target);
  }
}

/** A disk in a file, with sectors of so many bytes. */
function diskOf(type: 'ext4' | 'xfs', sector: number) {
  return async (folder: string, target: string): Promise<void> => {
    const image = join(folder, 'image');
    const file = await open(image, 'w');
    await file.truncate(400 * 1024 * 1024);
    await file.close();
    const words = ['-f', '--show', '-b', `${sector}`, image];
    const device = execFileSync('losetup', words, { encoding: 'utf8' }).trim();
    try {
      execFileSync(`mkfs.${type}`, ['-q', device]);
      mountAt(target, { type, source: device, options: [] });
    } finally {
      execFileSync('losetup', ['-d', device]); // goes with its mount
    }
  };
}

function tmpfs(_: string, target: string): void {
  mountAt(target, { type: 'tmpfs', source: 'tmpfs', options: [] });
}

async function overlay(folder: string, target: string): Promise<void> {
  const [lower, upper, work] = await Promise.all(
    ['lower', 'upper', 'work'].map(async (name) => {
      await mkdir(join(folder, name));
      return join(folder, name);
    }),
  );
  const options = [`lowerdir=${lower}`, `upperdir=${upper}`, `workdir=${work}`];
  mountAt(target, { type: 'overlay', source: 'overlay', options });
}

async function works(rig: TestSnapshots): Promise<void> {
  await stackTar(rig, { name: 'base' }, tarOf({ name: 'a', content: 'a' }, { name: 'long', content }));
  await mounted(await rig.snapshots.prepare('top', 'base'), async (path) => {
    expect(await readFile(join(path, 'long'), 'utf8')).toBe(content);
  });
}

const formOf = ({ snapshots }: TestSnapshots): string | undefined => new Map(snapshots.status).get('Layer files');

async function expectForm(dataRoot: string, expected: { form: MountForm; shown: string; not?: string }): Promise<void> {
  const lines: string[] = [];
  const log = createLog((line) => void lines.push(line), 'info');
  await using rig = await openTestSnapshots({ folder: dataRoot, log });
  expect(formOf(rig)).toContain(expected.shown);
  expect(lines.join('')).toContain(expected.not ?? '');
  if (expected.form === 'directio') expect(lines).toEqual([]);
  else expect(lines.join('')).toContain(`form=${expected.form}`);
  await works(rig);
}

const hasXfs = (): boolean => {
  try {
    execFileSync('mkfs.xfs', ['-V'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

describe('what is tried on the data root', () => {
  test('direct I/O is taken where it works, and nothing is left of the trial', async () => {
    await using rig = await openTestSnapshots();
    expect(Object.fromEntries(rig.snapshots.status)).toMatchObject({
      'Layer files': expect.stringContaining('direct'),
    });
    expect(mountsBelow(rig.folder)).toEqual([]);
    await works(rig);
  });

  test('a disk with sectors of 4,096 bytes mounts and cannot be read directly: buffered', async () => {
    await withDisk(diskOf('ext4', 4096), (root) =>
      expectForm(root, { form: 'buffered', shown: 'buffered', not: 'directio' }),
    );
  });

  test.skipIf(!hasXfs())('the same on XFS, which needs mkfs.xfs', async () => {
    await withDisk(diskOf('xfs', 4096), (root) => expectForm(root, { form: 'buffered', shown: 'buffered' }));
    await withDisk(diskOf('xfs', 512), (root) => expectForm(root, { form: 'directio', shown: 'direct' }));
  });

  test('tmpfs takes no file-backed mounts: a loop device', async () => {
    await withDisk(tmpfs, (root) => expectForm(root, { form: 'loop', shown: 'loop devices', not: 'buffered' }));
  });

  test('where nothing can be stacked, it is said at once and images can be kept all the same', async () => {
    await withDisk(overlay, async (folder) => {
      const lines: string[] = [];
      await using rig = await openTestSnapshots({ folder, log: createLog((line) => void lines.push(line)) });
      expect(lines.join('')).toContain('no container can start on this data root');
      expect(Object.fromEntries(rig.snapshots.status)).toMatchObject({
        'Backing Filesystem': 'overlayfs',
        'Layer files': 'unpacked into folders',
        'Not used': 'directio: mount: ENOTBLK; buffered: mount: ENOTBLK; loop: overlay over it: EINVAL',
        Containers: 'cannot start: EINVAL',
      });
      await stackTar(rig, { name: 'base' }, tarOf({ name: 'a', content: 'a' }));
    });
  });

  test.each(['directio', 'buffered', 'loop', 'directory'] as const)(
    '%s is taken when it is asked for',
    async (form) => {
      await using rig = await openTestSnapshots({ form });
      await works(rig);
      expect(mountsBelow(join(rig.folder, 'layers')).length).toBe(form === 'directory' ? 0 : 1);
    },
  );

  test('a form that is asked for and does not work is an error that says why', async () => {
    await withDisk(diskOf('ext4', 4096), async (folder) => {
      const opening = openTestSnapshots({ folder, form: 'directio' });
      await expect(opening).rejects.toThrow(UnavailableError);
      await expect(opening).rejects.toMatchObject({ why: expect.stringContaining('directio: ') });
      expect(mountsBelow(folder)).toEqual([]);
    });
  });
});
