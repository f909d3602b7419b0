import { expect, test } from 'vitest';
import { EMPTY_TABLE, isYoung, openDigestTable } from './digest-table.ts';

const stamp = { device: 1, inode: 2, ctimeMs: 1000.5, mtimeMs: 900.25, size: 3 };
const file = { digest: 'ab'.repeat(32), isPlain: true };

test('a table comes back as it was written', () => {
  const table = openDigestTable(EMPTY_TABLE);
  table.put(stamp, file);
  table.put({ ...stamp, inode: 5 }, { ...file, isPlain: false });
  const again = openDigestTable(table.write());
  expect(again.find(stamp)).toEqual(file);
  expect(again.find({ ...stamp, inode: 5 })).toEqual({ ...file, isPlain: false });
  expect(again.isChanged()).toBe(false);
});

test.each([{ ctimeMs: 1000.75 }, { mtimeMs: 900.5 }, { size: 4 }, { device: 2 }, { inode: 3 }])(
  'a file with another state is not known: %j',
  (change) => {
    const table = openDigestTable(EMPTY_TABLE);
    table.put(stamp, file);
    expect(table.find({ ...stamp, ...change })).toBeUndefined();
  },
);

test('a table that was damaged or cut off counts as empty', () => {
  const table = openDigestTable(EMPTY_TABLE);
  table.put(stamp, file);
  const bytes = table.write();
  const flipped = Buffer.from(bytes);
  flipped[60] = (flipped[60] ?? 0) ^ 1;
  for (const broken of [flipped, bytes.subarray(0, -8), bytes.subarray(0, 10), Buffer.from('hello')])
    expect(openDigestTable(broken).find(stamp)).toBeUndefined();
});

test('what nobody asks for is forgotten in the end', () => {
  const table = openDigestTable(EMPTY_TABLE);
  table.put(stamp, file);
  let bytes = table.write();
  const length = bytes.length;
  for (let count = 0; count < 20; count++) bytes = openDigestTable(bytes).write();
  expect(bytes.length).toBeLessThan(length);
});

test('a file that was changed a moment ago may change again unseen', () => {
  expect(isYoung({ ...stamp, ctimeMs: 10_000.5 }, 10_020)).toBe(true);
  expect(isYoung({ ...stamp, ctimeMs: 10_000.5 }, 10_100)).toBe(false);
  expect(isYoung({ ...stamp, ctimeMs: 10_000 }, 10_100)).toBe(true);
});
