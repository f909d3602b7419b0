import { mkdir, mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { hostGpu } from './host-gpu.ts';

test.each([
  ['NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.14  Thu Feb 22 01:44:30 UTC 2024', '550.54.14', 'NVIDIA A100-SXM4-80GB', '8.0'],
  ['NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  570.86.15  Release Build', '570.86.15', 'NVIDIA GeForce RTX 4090', '8.9'],
  ['NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.104.05  Sat Aug 19 01:15:15 UTC 2023', '535.104.05', 'Something new', undefined],
])('driver and GPU of %s', async (...[version, driver, name, computeCapability]) => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'berth-gpu-'));
  await mkdir(join(folder.path, 'gpus/0000:01:00.0'), { recursive: true });
  await writeFile(join(folder.path, 'version'), `${version}\nGCC version: gcc 12\n`);
  await writeFile(join(folder.path, 'gpus/0000:01:00.0/information'), `Model: \t\t ${name}\nIRQ:   \t\t 33\n`);
  expect(await hostGpu(folder.path)).toEqual({ driver, name, computeCapability });
}); // prettier-ignore

test('a host without a driver has no GPU', async () => {
  expect(await hostGpu('/nonexistent')).toEqual({});
});
