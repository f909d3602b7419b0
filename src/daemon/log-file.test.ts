import { mkdtempDisposable, readFile, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openLogFile } from './log-file.ts';

test('a log takes at most about twice its limit, and opening it again goes on at its end', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'log-'));
  const path = join(folder.path, 'engine.log');
  const first = openLogFile(path, 1000);
  for (let index = 0; index < 100; index++) first.write(`line ${index} ${'x'.repeat(50)}\n`);
  first.close();
  const second = openLogFile(path, 1000);
  second.write('last\n');
  second.close();
  expect((await stat(path)).size).toBeLessThan(1200);
  expect((await stat(`${path}.1`)).size).toBeLessThan(1200);
  expect(await readFile(path, 'utf8')).toMatch(/line 99 x+\nlast\n$/);
});
