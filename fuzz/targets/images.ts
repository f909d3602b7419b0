import { gzipSync } from 'node:zlib';
import { loadImages } from '#engine/images/load-images.ts';
import { removeImage } from '#engine/images/remove-image.ts';
import { saveImages } from '#engine/images/save-images.ts';
import { openTestStore } from '#engine/images/test-store.ts';
import { filesBelow, openWatchedPlace } from '../../test/hostile/watched-place.ts';
import { corpusImage, saveTar } from '../archives.ts';
import { defectOfError } from '../defect.ts';
import { mutateBytes, mutateTar } from '../mutate.ts';
import type { Checked, FuzzTarget } from '../target.ts';

/** `docker load`: what is refused leaves nothing, what is taken can be saved and removed, and nothing outside changes. */
export const imagesTarget: FuzzTarget = {
  name: 'images',
  rounds: 10_000,
  async open() {
    await using stack = new AsyncDisposableStack();
    const place = stack.use(await openWatchedPlace());
    const store = stack.use(await openTestStore(place.store));
    const empty = (await filesBelow(place.store)).join();
    const { context } = store.images;
    const held = stack.move();

    const load = async (input: Buffer): Promise<Checked> => {
      async function* source(): AsyncGenerator<Uint8Array> {
        yield input;
      }
      try {
        for (const { id } of await loadImages(context, source()))
          for await (const _ of await saveImages(context, [id]));
        return { isTaken: true };
      } catch (error) {
        const listed = context.records.list().length;
        return { isTaken: false, defect: defectOfError(error) ?? (listed > 0 ? 'an image is listed' : undefined) };
      }
    };

    return {
      make(random) {
        const whole = random() < 0.5 ? corpusImage(random, place.outside) : saveTar(random, place.outside);
        const changed = random() < 0.5 ? mutateTar(random, whole) : whole;
        if (random() < 0.9) return changed;
        return random() < 0.5 ? gzipSync(changed) : mutateBytes(random, gzipSync(changed));
      },
      async check(input) {
        const { isTaken, defect } = await load(input);
        for (const { id } of context.records.list()) await removeImage(context, id, { force: true, users: [] });
        const changes = await place.changes();
        const left = (await untilEmpty(place.store, empty))
          ? undefined
          : `left: ${(await filesBelow(place.store)).join(', ')}`;
        return { isTaken, defect: defect ?? (changes.length > 0 ? changes.join(', ') : left) };
      },
      [Symbol.asyncDispose]: () => held.disposeAsync(),
    };
  },
};

const TRIES = 100;

/** Space comes back in the background. */
async function untilEmpty(root: string, empty: string): Promise<boolean> {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    if ((await filesBelow(root)).join() === empty) return true;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return false;
}
