/** Puts the removal of what nothing needs off until nothing is built: a build counts on layers that no record names yet. */
export interface Cleaning {
  /** While one is held nothing is removed. */
  hold(): AsyncDisposable;
  /** Lets the end of the last build remove what it has made useless. */
  want(): void;
  /** Removes now, or when the last build ends. @returns bytes that came back now */
  request(): Promise<number>;
}

export function createCleaning(clean: () => Promise<number>): Cleaning {
  let holders = 0;
  let isWanted = false;
  return {
    hold() {
      holders += 1;
      return {
        async [Symbol.asyncDispose]() {
          holders -= 1;
          if (holders > 0 || !isWanted) return;
          isWanted = false;
          await clean();
        },
      };
    },
    want() {
      isWanted = true;
    },
    async request() {
      isWanted = holders > 0;
      return isWanted ? 0 : clean();
    },
  };
}
