import { expect, test } from 'vitest';
import { parseDuration } from './durations.ts';
import { formatFixedNano, formatMillis, formatNano, nowNano, parseTimestamp } from './timestamps.ts';

test('durations are read as Go writes them', () => {
  expect(parseDuration('1h30m')).toBe(5_400_000_000_000n);
  expect(parseDuration('1.5s')).toBe(1_500_000_000n);
  expect(parseDuration('-10ms')).toBe(-10_000_000n);
  expect(parseDuration('2us')).toBe(2000n);
  expect(parseDuration('.5m')).toBe(30_000_000_000n);
  expect(parseDuration('0')).toBe(0n);
  for (const text of ['', '1', 'h', '1d', '1h ', '1h30', '--1s', '.s']) expect(parseDuration(text)).toBeUndefined();
});

test('points in time are read in every form clients send', () => {
  expect(parseTimestamp('1136073600')).toBe(1_136_073_600_000_000_000n);
  expect(parseTimestamp('1136073600.000000001')).toBe(1_136_073_600_000_000_001n);
  expect(parseTimestamp('2006-01-01T00:00:00Z')).toBe(1_136_073_600_000_000_000n);
  expect(parseTimestamp('2006-01-01T01:00:00.123456789+01:00')).toBe(1_136_073_600_123_456_789n);
  expect(parseTimestamp('2006-01-01T00:00')).toBe(1_136_073_600_000_000_000n);
  expect(parseTimestamp('2006-01-01')).toBe(1_136_073_600_000_000_000n);
  expect(parseTimestamp('10m', 1_000_000_000_000n)).toBe(400_000_000_000n);
  for (const text of ['', 'yesterday', '2006-13-01', '1e9', '2006-01-01 00:00:00'])
    expect(parseTimestamp(text)).toBeUndefined();
});

test('times are written with nine digits, or as few as needed', () => {
  expect(formatFixedNano(1_136_073_600_120_000_000n)).toBe('2006-01-01T00:00:00.120000000Z');
  expect(formatNano(1_136_073_600_120_000_000n)).toBe('2006-01-01T00:00:00.12Z');
  expect(formatNano(1_136_073_600_000_000_000n)).toBe('2006-01-01T00:00:00Z');
  expect(formatMillis(1_136_073_600_001)).toBe('2006-01-01T00:00:00.001Z');
  expect(parseTimestamp(formatFixedNano(-1n))).toBe(-1n);
});

test('the clock tells the time of the wall', () => {
  expect(Math.abs(Number(nowNano() / 1_000_000n) - Date.now())).toBeLessThan(1000);
});
