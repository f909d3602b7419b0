import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { UnavailableError } from '#lib/errors.ts';
import { silentLog } from '#lib/log.ts';
import { openSmallDisk } from '../../../../test/support/small-disk.ts';
import { type KeptContexts, openKeptContexts } from './kept-contexts.ts';
import { testEntry } from './test-entries.ts';

const SOURCE = { owner: 'someone', name: 'context' };
const MEGABYTE = Buffer.alloc(1024 * 1024, 'x');

/** Sends files of a megabyte each. */
async function send(contexts: KeptContexts, count: number): Promise<void> {
  using update = await contexts.update(SOURCE, 'all');
  for (let index = 10; index < 10 + count; index++) {
    const file = await update.put(testEntry(`f${index}`, { size: MEGABYTE.length }));
    file?.write(MEGABYTE);
    file?.end();
  }
  await update.endEntries();
  update.finish()[Symbol.dispose]();
}

test('a disk that is full while a context comes is told, and gives back what came', async () => {
  await using disk = await openSmallDisk(16);
  const contexts = openKeptContexts(join(disk.path, 'contexts'), { log: silentLog });
  await send(contexts, 2);
  const error = await send(contexts, 30).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UnavailableError);
  expect(error).toMatchObject({ message: 'no space left on the disk' });
  await contexts.close();
  expect(await contexts.list()).toEqual([]);
  await send(contexts, 3);
  const [kept] = await contexts.list();
  expect(kept).toMatchObject({ bytes: 3 * MEGABYTE.length, isInUse: false });
  expect(readdirSync(join(disk.path, 'contexts', kept?.id ?? '', 'tree'))).toEqual(['f10', 'f11', 'f12']);
  expect(await contexts.remove(kept?.id ?? '')).toBe(3 * MEGABYTE.length);
  await contexts.close();
  expect(readdirSync(join(disk.path, 'contexts'))).toEqual([]);
});
