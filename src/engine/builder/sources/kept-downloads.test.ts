import { mkdtempDisposable, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { keepNewest } from './keep-newest.ts';
import { openKeptDownloads } from './kept-downloads.ts';

const kept = { etag: '"x"', digest: 'ab'.repeat(32), name: 'file' };

test('what an address gave out is remembered, and its address is not written down', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'b-downloads-'));
  const downloads = openKeptDownloads(folder.path);
  await downloads.put('https://user:secret@host/', kept);
  expect(await openKeptDownloads(folder.path).find('https://user:secret@host/')).toEqual(kept);
  expect(await downloads.find('https://host/')).toBeUndefined();
  const [name = ''] = await readdir(folder.path);
  expect(name).toMatch(/^[0-9a-f]{32}$/);
  await writeFile(join(folder.path, name), '{"etag":');
  expect(await downloads.find('https://user:secret@host/')).toBeUndefined();
});

test('a folder keeps the newest files', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'b-newest-'));
  for (const name of ['a', 'b', 'c', 'a', 'd']) {
    await keepNewest(folder.path, { name, bytes: name }, 3);
    await new Promise((done) => setTimeout(done, 15));
  }
  expect((await readdir(folder.path)).toSorted()).toEqual(['a', 'c', 'd']);
});
