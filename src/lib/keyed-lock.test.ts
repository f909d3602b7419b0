import { expect, test } from 'vitest';
import { createKeyedLock } from './keyed-lock.ts';

test('one at a time has a key, first come first served; other keys are free', async () => {
  const lock = createKeyedLock();
  const order: string[] = [];
  const first = await lock.acquire('a');
  const waiting = ['two', 'three'].map(async (name) => {
    using _ = await lock.acquire('a');
    order.push(name);
  });
  using _ = await lock.acquire('b');
  expect(order).toEqual([]);
  first[Symbol.dispose]();
  await Promise.all(waiting);
  expect(order).toEqual(['two', 'three']);
});

test('who gives up waiting lets nobody overtake the one who has the key', async () => {
  const lock = createKeyedLock();
  const first = await lock.acquire('a');
  const cancel = new AbortController();
  const second = lock.acquire('a', { signal: cancel.signal });
  let isDone = false;
  const third = lock.acquire('a').then((held) => {
    isDone = true;
    return held;
  });
  cancel.abort(new Error('enough'));
  await expect(second).rejects.toThrow('enough');
  await new Promise((resolve) => setImmediate(resolve));
  expect(isDone).toBe(false);
  first[Symbol.dispose]();
  (await third)[Symbol.dispose]();
  using _ = await lock.acquire('a', { signal: new AbortController().signal });
});
