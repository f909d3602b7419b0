/** Lets some wait until others have changed what they share. */
export interface Change {
  /** Wakes all who wait now. */
  readonly tell: () => void;
  /** Settles with the next `tell`. */
  readonly next: () => Promise<void>;
}

export function createChange(): Change {
  let coming = Promise.withResolvers<void>();
  return {
    tell() {
      coming.resolve();
      coming = Promise.withResolvers<void>();
    },
    next: () => coming.promise,
  };
}
