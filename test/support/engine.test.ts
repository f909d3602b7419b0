import { mkdtempDisposable, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startEngine } from './engine.ts';

test('an engine starts again on a folder that stays, with what it had', async () => {
  await using folder = await mkdtempDisposable('/tmp/b-stays-');
  const ids: string[] = [];
  for (let start = 1; start <= 2; start++) {
    await using engine = await startEngine({ root: folder.path });
    ids.push(engine.id);
    expect(await readFile(join(folder.path, 'daemon.json'), 'utf8')).toBe('{}\n');
  }
  expect(ids[1]).toBe(ids[0]);
});
