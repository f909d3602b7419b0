import { mkdtempDisposable } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openDatabase } from '#lib/sqlite.ts';
import { MIGRATIONS } from '../../migrations.ts';
import { createStepRecords } from './step-records.ts';

const step = { parent: 'p', snapshot: 's', diffId: undefined, titles: ['RUN x'], description: 'RUN x', created: 5 };
const files = new Map(
  Array.from({ length: 1000 }, (_, index) => [`src/file${index}.py`, `${index}`.padStart(64, 'a')]),
);

test('uses, places and shortcuts are there at once, and in the database a moment later', async () => {
  await using folder = await mkdtempDisposable('/tmp/b-steps-');
  const database = openDatabase(join(folder.path, 'db'), MIGRATIONS);
  const records = createStepRecords(database);
  records.put({ ...step, key: 'a' }, [{ name: 'command', value: ['x', 1] }]);
  records.touch('a');
  records.touch('a');
  records.setSlot('place', { key: 'a', parent: 'p' });
  records.shorten('short', 'a');
  expect(records.atSlot('place')).toEqual({ key: 'a', parent: 'p' });
  expect(records.follow('short')).toBe('a');
  expect(createStepRecords(database).follow('short')).toBeUndefined();
  expect(records.list()).toMatchObject([{ key: 'a', uses: 3, parent: 'p' }]);
  expect(createStepRecords(database).follow('short')).toBe('a');
  expect(records.inputs('a')).toEqual([{ name: 'command', value: ['x', 1] }]);
  records.remove('a');
  expect(records.follow('short')).toBeUndefined();
  expect(records.inputs('a')).toBeUndefined();
  database.close();
});

test('files are listed for the step that stood at a place last', async () => {
  await using folder = await mkdtempDisposable('/tmp/b-steps-');
  const database = openDatabase(join(folder.path, 'db'), MIGRATIONS);
  const records = createStepRecords(database);
  for (const key of ['a', 'b']) {
    records.put({ ...step, key }, [{ name: 'files', value: key, files }]);
    records.setSlot('place', { key, parent: 'p' });
    records.flush();
  }
  expect(records.inputs('a')).toEqual([{ name: 'files', value: 'a' }]);
  const [kept] = records.inputs('b') ?? [];
  expect(kept?.files?.get('src/file7.py')).toBe('aaaaaaaaaaaaaaaa');
  expect(kept?.files?.size).toBe(1000);
  const size = Number(database.prepare('SELECT sum(length(inputs)) AS bytes FROM build_steps').get()?.['bytes']);
  expect(size).toBeLessThan(20_000);
  database.close();
});
