import { expect, test } from 'vitest';
import { stream, tarOf } from '#engine/snapshots/conformance.ts';
import { importImage } from './import-image.ts';
import { loadImages } from './load-images.ts';
import { removeImage } from './remove-image.ts';
import { saveImages } from './save-images.ts';
import { collect, forms } from './test-archives.ts';
import { openTestStore } from './test-store.ts';

test('loads, saves and removals of the same layers at once leave a whole store', async () => {
  await using store = await openTestStore();
  const { context } = store.images;
  const archive = forms['docker save'] ?? Buffer.alloc(0);
  const load = async (): Promise<void> => {
    for (let round = 0; round < 6; round++) await loadImages(context, stream(archive, 3000));
  };
  const remove = async (): Promise<void> => {
    for (let round = 0; round < 25; round++)
      for (const name of ['x:1', 'registry.example:5000/team/y:2'])
        await removeImage(context, name, { users: [] }).catch((error: unknown) => {
          expect(String(error)).toContain('No such image');
        });
  };
  const save = async (): Promise<void> => {
    for (let round = 0; round < 10; round++) {
      const archived = await saveImages(context, ['x:1']).catch((error: unknown) => {
        expect(String(error)).toContain('No such image');
      });
      if (archived !== undefined) expect((await collect(archived)).length).toBeGreaterThan(archive.length / 2);
    }
  };
  const others = async (): Promise<void> => {
    for (let round = 0; round < 6; round++)
      await importImage(context, stream(tarOf({ name: `${round}` })), { tags: [`other:${round}`] });
  };
  await Promise.all([load(), load(), remove(), save(), others()]);
  expect((await store.images.list()).filter(({ tags }) => tags[0]?.startsWith('other:'))).toHaveLength(6);
  const [image] = await loadImages(context, stream(archive, 3000));
  for (const diffId of image?.config.rootfs.diff_ids ?? []) expect(context.layers.has(diffId)).toBe(true);
  const reopened = await store.reopen();
  expect(await reopened.list()).toHaveLength(7);
  for (const { id } of await reopened.list()) await removeImage(reopened.context, id, { users: [], force: true });
  expect(await reopened.context.content.list()).toEqual([]);
  expect(reopened.context.layers.list()).toEqual([]);
  expect(await reopened.context.snapshots.list()).toEqual([]);
}, 60_000);
