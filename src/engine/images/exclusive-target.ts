import type { ContentStore } from '#engine/content/store.ts';
import { createKeyedLock, type KeyedLock } from '#lib/keyed-lock.ts';
import type { ContentTarget } from '#oci/copy-graph.ts';

const locks = new WeakMap<ContentStore, KeyedLock>();

/** A target in a store where copies that run at once write the same blob only once: the others wait and find it. */
export function exclusiveTarget(content: ContentStore, target: ContentTarget): ContentTarget {
  const lock = locks.get(content) ?? createKeyedLock();
  locks.set(content, lock);
  return {
    has: (descriptor, options) => target.has(descriptor, options),
    async write(descriptor, source, options) {
      using _ = await lock.acquire(descriptor.digest);
      options.signal?.throwIfAborted();
      const { parent } = options;
      if (await target.has(descriptor, parent === undefined ? {} : { parent })) return;
      await target.write(descriptor, source, options);
    },
  };
}
