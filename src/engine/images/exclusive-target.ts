import { createKeyedLock } from '#lib/keyed-lock.ts';
import type { ContentTarget } from '#oci/copy-graph.ts';

const lock = createKeyedLock();

/** A target where two copies that run at once write the same blob only once: the second waits and finds it. */
export function exclusiveTarget(target: ContentTarget): ContentTarget {
  return {
    has: (descriptor, options) => target.has(descriptor, options),
    async write(descriptor, content, options) {
      using _ = await lock.acquire(descriptor.digest);
      options.signal?.throwIfAborted();
      const { parent } = options;
      if (await target.has(descriptor, parent === undefined ? {} : { parent })) return;
      await target.write(descriptor, content, options);
    },
  };
}
