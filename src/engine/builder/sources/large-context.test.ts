import { expect, test } from 'vitest';
import { createSizeWatch, describeSize, largestParts, proposedLines } from './large-context.ts';

const MB = 1_000_000;
const files = new Map([
  ['.git/objects/a', 100 * MB],
  ['.git/objects/b', 100 * MB],
  ['data/train/1.csv', 300 * MB],
  ['data/train/2.csv', 200 * MB],
  ['model/weights.safetensors', 900 * MB],
  ['src/app.py', 1000],
]);

test('the largest parts are folders as a whole, or single files', () => {
  expect(largestParts(files).map(({ path }) => path)).toEqual([
    'model/weights.safetensors',
    'data/',
    '.git/',
    'src/app.py',
  ]);
});

test('an ignore file is proposed for what images do not need, without what it has', () => {
  expect(proposedLines(files, [])).toEqual(['**/*.safetensors', '**/data', '**/.git']);
  expect(proposedLines(files, ['**/data'])).toEqual(['**/*.safetensors', '**/.git']);
});

test('a large context is told of once, a small one never', () => {
  const told: string[] = [];
  const watch = createSizeWatch({ remark: (text) => void told.push(text) }, []);
  const entries = [...files].map(([path, size]) => ({ path, size, kind: 'file' as const }));
  watch.add(entries.slice(0, 2));
  watch.add(entries.slice(0, 2));
  expect(told).toEqual([]);
  watch.add(entries);
  watch.add(entries);
  expect(told).toEqual([describeSize(files, [])]);
  expect(told[0]).toContain('1.6GB of the build context go into this build');
});
