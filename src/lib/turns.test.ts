import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createTurns } from './turns.ts';

test('no more than so many have a turn, and all get one in order, failures included', async () => {
  const turn = createTurns(2);
  const begun: number[] = [];
  let running = 0;
  let most = 0;
  const work = async (index: number): Promise<void> => {
    using _ = await turn();
    begun.push(index);
    running += 1;
    most = Math.max(most, running);
    await sleep(1);
    running -= 1;
    if (index === 1) throw new Error('one fails');
  };
  await Promise.allSettled(Array.from({ length: 7 }, (_, index) => work(index)));
  expect(begun).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(most).toBe(2);
});
