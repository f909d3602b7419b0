import { expect, test } from 'vitest';
import { UsageError } from './parse-options.ts';
import { pointInTime } from './point-in-time.ts';

test('times are sent as seconds since epoch', () => {
  expect(pointInTime('since', '1970-01-01T00:01:00Z')).toBe('60.000000000');
  expect(pointInTime('since', '12.5')).toBe('12.500000000');
  expect(pointInTime('since', undefined)).toBeUndefined();
});

test('a duration counts back from now', () => {
  const seconds = Number(pointInTime('since', '10m'));
  expect(Math.abs(Date.now() / 1000 - 600 - seconds)).toBeLessThan(5);
});

test('what is no time is told', () => {
  expect(() => pointInTime('since', 'yesterday')).toThrow(UsageError);
});
