import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { InvalidArgumentError, UnavailableError } from '#lib/errors.ts';
import { mountByParameters } from './fs-context.ts';
import { loopDevicesBelow, openLoopDevice } from './loop-device.ts';
import { mountAt, unmount, unmountLater } from './mount.ts';
import { mountsBelow } from './mounts-below.ts';

let folder: string;
let target: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mounts-'));
  target = join(folder, 'target');
  mkdirSync(target);
});
afterEach(() => {
  while (unmount(target));
  rmSync(folder, { recursive: true, force: true });
});

/** A folder with one file of the same name. */
function layer(name: string): string {
  const path = join(folder, 'layers of this test '.repeat(3), name);
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, name), name);
  return path;
}

test('a stack of more layers than a page of options holds is mounted, writable and read-only', () => {
  const lower = Array.from({ length: 200 }, (_, index) => layer(`layer-${index}`));
  const [upper, work] = [layer('upper'), layer('work')];
  const lowerdir = `lowerdir=${lower.join(':')}`;
  mountAt(target, {
    type: 'overlay',
    source: 'overlay',
    options: [lowerdir, `upperdir=${upper}`, `workdir=${work}`, 'index=off', 'metacopy=off'],
  });
  writeFileSync(join(target, 'new'), 'new');
  expect(readdirSync(target)).toHaveLength(202);
  unmount(target);
  expect(readFileSync(join(upper, 'new'), 'utf8')).toBe('new');
  mountAt(target, { type: 'overlay', source: 'overlay', options: ['ro', lowerdir] });
  expect(readFileSync(join(target, 'layer-199'), 'utf8')).toBe('layer-199');
  expect(() => writeFileSync(join(target, 'new'), 'new')).toThrow('EROFS');
});

test('what the kernel has against a parameter is told', () => {
  const parameters = [['lowerdir+', join(folder, 'nothing')]] as const;
  const mount = (): void => mountByParameters(target, { type: 'overlay', parameters, isReadOnly: true });
  expect(mount).toThrow(InvalidArgumentError);
  expect(() => mountByParameters(target, { type: 'nothing', parameters: [], isReadOnly: true })).toThrow(
    UnavailableError,
  );
  expect(() =>
    mountByParameters(target, { type: 'overlay', parameters: [['nothing', 'x']], isReadOnly: true }),
  ).toThrow(expect.objectContaining({ why: expect.stringContaining('nothing') }));
});

test('unmounting beside the event loop tells whether something was there', async () => {
  mountAt(target, { type: 'tmpfs', source: 'tmpfs', options: [] });
  expect(await unmountLater(target)).toBe(true);
  expect(await unmountLater(target)).toBe(false);
  expect(await unmountLater(join(folder, 'nothing'))).toBe(false);
});

test('mounts are found below a path that leads through a link', () => {
  symlinkSync(folder, join(folder, 'alias'));
  mountAt(target, { type: 'tmpfs', source: 'tmpfs', options: [] });
  expect(mountsBelow(join(folder, 'alias'))).toEqual([target]);
  expect(mountsBelow(join(folder, 'nothing'))).toEqual([]);
});

test('a loop device has blocks of 512 bytes, is read-only, and goes with its last user', () => {
  const file = join(folder, 'image with, odd: name');
  writeFileSync(file, Buffer.alloc(4 * 1024 * 1024));
  execFileSync('mkfs.ext4', ['-q', '-O', '^has_journal', '-d', layer('content'), file]);
  let device: string;
  {
    using loop = openLoopDevice(file);
    device = loop.path;
    expect(readFileSync(`/sys/block/${device.slice(5)}/queue/logical_block_size`, 'utf8').trim()).toBe('512');
    expect(readFileSync(`/sys/block/${device.slice(5)}/ro`, 'utf8').trim()).toBe('1');
    mountAt(target, { type: 'ext4', source: device, options: ['ro'] });
  }
  expect(loopDevicesBelow(folder)).toEqual([{ device, file, goesByItself: true }]);
  expect(readFileSync(join(target, 'content'), 'utf8')).toBe('content');
  rmSync(file);
  expect(loopDevicesBelow(folder)).toEqual([{ device, file, goesByItself: true }]);
  unmount(target);
  expect(loopDevicesBelow(folder)).toEqual([]);
  expect(mountsBelow(folder)).toEqual([]);
});
