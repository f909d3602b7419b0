import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkCanRun, findHandler, readHead } from './emulation.ts';

const HOST = { os: 'linux', architecture: 'amd64' };
const ARM64 = { os: 'linux', architecture: 'arm64' };

/** What QEMU's package registers for arm64. */
const QEMU = {
  magic: '7f454c460201010000000000000000000200b700',
  mask: 'ffffffffffffff00fffffffffffffffffeffffff',
};

function handler(fields: { state?: string; flags?: string; magic?: string; mask?: string } = {}): string {
  const { state = 'enabled', flags = 'POCF', magic = QEMU.magic, mask = QEMU.mask } = fields;
  return `${state}\ninterpreter /usr/libexec/qemu-binfmt/aarch64-binfmt-P\nflags: ${flags}\noffset 0\nmagic ${magic}\nmask ${mask}\n`;
}

/** A simulated folder of the kernel's handlers. */
async function simulated(
  files: Readonly<Record<string, string>>,
): Promise<Awaited<ReturnType<typeof mkdtempDisposable>>> {
  const folder = await mkdtempDisposable(join(tmpdir(), 'simulated-binfmt-'));
  for (const [name, text] of Object.entries({ status: 'enabled\n', register: '', ...files }))
    await writeFile(join(folder.path, name), text);
  return folder;
}

test("this host's own programs need no handler", async () => {
  await checkCanRun(HOST, { host: HOST, handlers: '/does/not/exist' });
  await checkCanRun({ os: 'linux', architecture: '386' }, { host: HOST, handlers: '/does/not/exist' });
});

test('a handler is found by the head of the programs it takes, whatever its name', async () => {
  await using folder = await simulated({
    anything: handler(),
    python: 'enabled\ninterpreter /x\nflags: \nextension .py\n',
  });
  expect(await findHandler('arm64', folder.path)).toMatchObject({ name: 'anything', isFixed: true });
  expect(await findHandler('riscv64', folder.path)).toBeUndefined();
  await checkCanRun(ARM64, { host: HOST, handlers: folder.path });
});

test('a handler that is switched off does not count', async () => {
  await using folder = await simulated({ 'qemu-aarch64': handler({ state: 'disabled' }) });
  await expect(checkCanRun(ARM64, { host: HOST, handlers: folder.path })).rejects.toThrow(
    'RUN for linux/arm64 cannot be done on this host, which is linux/amd64',
  );
  await using off = await simulated({ status: 'disabled\n', 'qemu-aarch64': handler() });
  await expect(checkCanRun(ARM64, { host: HOST, handlers: off.path })).rejects.toThrow('cannot be done');
});

test('a handler whose interpreter would be looked for in the image is told, with the way out', async () => {
  await using folder = await simulated({ 'qemu-aarch64': handler({ flags: 'OC' }) });
  const error = await checkCanRun(ARM64, { host: HOST, handlers: folder.path }).catch((reason: unknown) => reason);
  expect(error).toMatchObject({
    why: expect.stringContaining('without the flag F') as string,
    hint: expect.stringContaining('qemu-user-static') as string,
  });
});

test('programs of another system cannot run at all', async () => {
  await expect(checkCanRun({ os: 'windows', architecture: 'amd64' }, { host: HOST })).rejects.toThrow(
    'RUN for windows/amd64',
  );
});

test("an image that says it is for another platform, and has this host's programs, is taken by its programs", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'tree-'));
  const head = Buffer.alloc(64);
  head.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 3]);
  head.writeUInt16LE(3, 16);
  head.writeUInt16LE(62, 18);
  await writeFile(join(folder.path, 'own'), head);
  await writeFile(join(folder.path, 'text'), '#!/bin/sh\n');
  const check = (program: string): Promise<void> =>
    checkCanRun(ARM64, { host: HOST, handlers: '/does/not/exist', head: () => readHead(folder.path, program) });
  await check('/own');
  for (const other of ['/text', '/absent', 'own']) await expect(check(other)).rejects.toThrow('cannot be done');
});
