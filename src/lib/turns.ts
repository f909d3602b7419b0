/** So many do something at a time; the others wait in order. Each turn ends when it is disposed. */
export function createTurns(count: number): () => Promise<Disposable> {
  let free = count;
  const waiting: (() => void)[] = [];
  const release = (): void => {
    const next = waiting.shift();
    if (next === undefined) free += 1;
    else next();
  };
  return async () => {
    if (free > 0) free -= 1;
    else {
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.push(resolve);
      await promise;
    }
    return { [Symbol.dispose]: release };
  };
}
