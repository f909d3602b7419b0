import { expect, test } from 'vitest';
import { createChange } from './change.ts';

test('a change wakes all who wait, and nobody who comes later', async () => {
  const change = createChange();
  const woken: string[] = [];
  const wait = async (name: string): Promise<void> => {
    await change.next();
    woken.push(name);
  };
  const first = [wait('a'), wait('b')];
  change.tell();
  const later = wait('c');
  await Promise.all(first);
  expect(woken).toEqual(['a', 'b']);
  change.tell();
  await later;
  expect(woken).toEqual(['a', 'b', 'c']);
});
