import { expect, test } from 'vitest';
import { agoText, binaryText, shortId, sizeText, spanText, timeText } from './quantities.ts';

test.each([
  [0.4, 'Less than a second'],
  [1, '1 second'],
  [45, '45 seconds'],
  [60, 'About a minute'],
  [150, '2 minutes'],
  [3600, 'About an hour'],
  [3 * 3600, '3 hours'],
  [50 * 3600, '2 days'],
  [20 * 86400, '2 weeks'],
  [90 * 86400, '3 months'],
  [3 * 365 * 86400, '3 years'],
])('%d seconds are %s', (seconds, text) => {
  expect(spanText(seconds)).toBe(text);
});

test('times, sizes and ids are written as Docker writes them', () => {
  expect(agoText(100, 100_000 + 5000)).toBe('5 seconds ago');
  expect(sizeText(1_234_567)).toBe('1.23MB');
  expect(sizeText(0)).toBe('0B');
  expect(binaryText(1536)).toBe('1.5KiB');
  expect(timeText(0)).toBe('1970-01-01 00:00:00 +0000 UTC');
  expect(shortId(`sha256:${'ab'.repeat(32)}`)).toBe('abababababab');
});
