import { execFileSync } from 'node:child_process';
import { mkdtempDisposable, readdir, readFile, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { openOutput } from '../output/output.ts';
import { deliverOutput } from './deliver-output.ts';

async function deliver(dest: string, bytes: AsyncIterable<Buffer> | readonly Buffer[]): Promise<void> {
  const line = { kind: 'output', number: 0, form: 'archive', keep: true } as const;
  const place = { type: 'tar', attributes: { dest } };
  await deliverOutput(Readable.from(bytes), line, { place, output: openOutput() });
}

async function* broken(): AsyncGenerator<Buffer> {
  yield Buffer.from('half');
  throw new Error('the way broke');
}

test('an archive has its name once it is whole', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'deliver-'));
  const dest = join(folder.path, 'a.tar');
  await expect(deliver(dest, broken())).rejects.toThrow('the way broke');
  expect(await readdir(folder.path)).toEqual([]);
  await deliver(dest, [Buffer.from('who'), Buffer.from('le')]);
  expect(await readFile(dest, 'utf8')).toBe('whole');
  expect(await readdir(folder.path)).toEqual(['a.tar']);
});

test('what is no plain file takes the bytes, and stays what it is', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'deliver-'));
  const pipe = join(folder.path, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const [text] = await Promise.all([readFile(pipe, 'utf8'), deliver(pipe, [Buffer.from('through')])]);
  expect(text).toBe('through');
  expect((await stat(pipe)).isFIFO()).toBe(true);
});
