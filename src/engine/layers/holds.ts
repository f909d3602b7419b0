import type { Digest } from '#oci/digest.ts';

/** Layers whose files must stay as they are for a while, because somebody is comparing with them or has found content in them. */
export interface Holds {
  isHeld(diffId: Digest): boolean;
  hold(diffIds: Iterable<Digest>): Disposable;
}

/** @param released is told of each layer that nobody holds any more */
export function createHolds(released: (diffId: Digest) => void): Holds {
  const counts = new Map<Digest, number>();
  const release = (diffId: Digest): void => {
    const left = (counts.get(diffId) ?? 1) - 1;
    if (left > 0) {
      counts.set(diffId, left);
      return;
    }
    counts.delete(diffId);
    released(diffId);
  };
  return {
    isHeld: (diffId) => counts.has(diffId),
    hold(diffIds) {
      let held = [...new Set(diffIds)];
      for (const diffId of held) counts.set(diffId, (counts.get(diffId) ?? 0) + 1);
      return {
        [Symbol.dispose]() {
          for (const diffId of held) release(diffId);
          held = [];
        },
      };
    },
  };
}
