import { mkdtempDisposable, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseRotation, rotateLog } from './rotate.ts';

test('sizes have units, and nonsense is refused', () => {
  expect(parseRotation({})).toBeUndefined();
  expect(parseRotation({ 'max-size': '10k' })).toEqual({ bytes: 10_240, files: 1 });
  expect(parseRotation({ 'max-size': '1m', 'max-file': '3' })).toEqual({ bytes: 1_048_576, files: 3 });
  for (const wrong of [
    { 'max-size': 'big' },
    { 'max-size': '0' },
    { 'max-size': '1m', 'max-file': '0' },
    { 'max-file': '3' },
  ])
    // prettier-ignore
    expect(() => parseRotation(wrong as Record<string, string>)).toThrow('max-');
});

test('the newest files stay, as many as are allowed', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'rotate-'));
  const path = join(folder.path, 'log');
  const limits = { bytes: 4, files: 3 };
  for (const content of ['first', 'second', 'third', 'fourth']) {
    await writeFile(path, content);
    expect(await rotateLog(path, limits, () => writeFile(path, ''))).toBe(true);
  }
  expect((await readdir(folder.path)).toSorted()).toEqual(['log', 'log.1', 'log.2']);
  expect(await readFile(`${path}.1`, 'utf8')).toBe('fourth');
  expect(await readFile(`${path}.2`, 'utf8')).toBe('third');
  expect(await rotateLog(path, limits, async () => {})).toBe(false);
});
