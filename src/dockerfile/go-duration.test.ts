import { expect, test } from 'vitest';
import { formatGoDuration, parseGoDuration } from './go-duration.ts';

test.each([
  ['0s', 0],
  ['250ms', 250e6],
  ['1.5s', 1.5e9],
  ['1m30s', 90e9],
  ['1h0m0s', 3600e9],
  ['26h3m4.005s', 93_784.005e9],
  ['-10ms', -10e6],
  ['15µs', 15e3],
  ['7ns', 7],
])('%s', (text, nanoseconds) => {
  expect(formatGoDuration(nanoseconds)).toBe(text);
  expect(parseGoDuration(text)).toBe(nanoseconds);
});

test.each(['', '1', 's', '1x', '1s2', '--1s'])('%j is no duration', (text) => {
  expect(parseGoDuration(text)).toBeUndefined();
});
