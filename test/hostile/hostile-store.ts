import { lstat, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Image } from '#engine/images/image.ts';
import { removeImage } from '#engine/images/remove-image.ts';
import { openTestStore, type TestStore } from '#engine/images/test-store.ts';
import type { MountForm } from '#engine/layers/layer-store.ts';
import { viewed } from '#engine/snapshots/conformance.ts';
import { BerthError, InternalError } from '#lib/errors.ts';
import { filesBelow, openWatchedPlace, type WatchedPlace } from './watched-place.ts';

/** A store of images in a place where each change outside is seen. */
export interface HostileStore extends AsyncDisposable {
  store: TestStore;
  place: WatchedPlace;
  /** Takes something in, and checks that it is refused as expected and leaves nothing, or else what became of it. */
  attempt(
    take: (store: TestStore) => Promise<readonly Image[]>,
    expected: { refused: RegExp } | { tree: Readonly<Record<string, string>> },
  ): Promise<void>;
}

/** Opens one. */
export async function openHostileStore(form?: MountForm): Promise<HostileStore> {
  await using stack = new AsyncDisposableStack();
  const place = stack.use(await openWatchedPlace());
  const store = stack.use(await openTestStore(place.store, form === undefined ? {} : { form }));
  const empty = await filesBelow(place.store);
  const held = stack.move();
  return {
    store,
    place,
    async attempt(take, expected) {
      const outcome = await take(store).catch((error: unknown) => error);
      try {
        if ('refused' in expected) expectRefusal(outcome, expected.refused);
        else await expectTree(store, outcome, expected.tree);
      } finally {
        const { context } = store.images;
        for (const { id } of context.records.list()) await removeImage(context, id, { force: true, users: [] });
      }
      await expect.poll(() => filesBelow(place.store), { message: 'what is left in the store' }).toEqual(empty);
      expect(await place.changes(), 'what changed outside').toEqual([]);
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };

  function expectRefusal(outcome: unknown, refused: RegExp): void {
    expect(outcome).toBeInstanceOf(Error);
    if (!(outcome instanceof BerthError) || outcome instanceof InternalError) throw outcome as Error;
    expect(outcome.message).toMatch(refused);
    expect(store.images.context.records.list(), 'what is listed').toEqual([]);
  }
}

async function expectTree(store: TestStore, outcome: unknown, tree: Readonly<Record<string, string>>): Promise<void> {
  if (!Array.isArray(outcome)) throw outcome as Error;
  for (const image of outcome as Image[]) {
    if (image.top === undefined) continue;
    await viewed(store.images.context.snapshots, image.top, async (root) => {
      for (const [path, what] of Object.entries(tree)) expect(await kindAt(join(root, path)), path).toBe(what);
    });
  }
}

/** As the tables of cases say it. */
async function kindAt(path: string): Promise<string> {
  const stats = await lstat(path);
  if (stats.isDirectory()) return 'folder';
  if (stats.isSymbolicLink()) return `-> ${await readlink(path)}`;
  if (stats.isFIFO()) return 'pipe';
  return stats.isFile() ? `file ${await readFile(path, 'utf8')}` : 'device';
}
