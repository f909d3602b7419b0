import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isStatic } from './init-program.ts';

function program(type: number): Buffer {
  const bytes = Buffer.alloc(120);
  bytes.write('\x7fELF\x02\x01', 'latin1');
  bytes.writeBigUInt64LE(64n, 32);
  bytes.writeUInt16LE(56, 54);
  bytes.writeUInt16LE(1, 56);
  bytes.writeUInt32LE(type, 64);
  return bytes;
}

test('a program that names a loader, or is none, is not static', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'elf-'));
  const path = join(folder.path, 'program');
  await writeFile(path, program(1));
  expect(await isStatic(path)).toBe(true);
  await writeFile(path, program(3));
  expect(await isStatic(path)).toBe(false);
  await writeFile(path, '#!/bin/sh\n');
  expect(await isStatic(path)).toBe(false);
});
