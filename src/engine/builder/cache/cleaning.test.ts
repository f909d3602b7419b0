import { expect, test } from 'vitest';
import { createCleaning } from './cleaning.ts';

function counted(): { runs: () => number; cleaning: ReturnType<typeof createCleaning> } {
  let count = 0;
  const cleaning = createCleaning(async () => {
    count += 1;
    return 7;
  });
  return { cleaning, runs: () => count };
}

test('what nothing needs is removed at once when nothing is built', async () => {
  const { cleaning, runs } = counted();
  expect(await cleaning.request()).toBe(7);
  expect(runs()).toBe(1);
});

test('it waits for the last of the running builds', async () => {
  const { cleaning, runs } = counted();
  const [one, two] = [cleaning.hold(), cleaning.hold()];
  expect(await cleaning.request()).toBe(0);
  await one[Symbol.asyncDispose]();
  expect(runs()).toBe(0);
  await two[Symbol.asyncDispose]();
  expect(runs()).toBe(1);
});

test('a build that made nothing useless removes nothing', async () => {
  const { cleaning, runs } = counted();
  await cleaning.hold()[Symbol.asyncDispose]();
  expect(runs()).toBe(0);
  const build = cleaning.hold();
  cleaning.want();
  await build[Symbol.asyncDispose]();
  expect(runs()).toBe(1);
});
