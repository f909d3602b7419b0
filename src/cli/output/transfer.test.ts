import { expect, test } from 'vitest';
import { transferText } from './transfer.ts';

test('a transfer tells bytes, share, speed and the time that is left', () => {
  expect(transferText({ current: 1.2e9, total: 3.4e9, bytesPerSecond: 8.9e8 })).toBe(
    '1.2GB of 3.4GB (35 %), 890MB/s, 2 seconds left',
  );
  expect(transferText({ current: 1.2e9, total: undefined, bytesPerSecond: 8.912e8 })).toBe('1.2GB, 891MB/s');
  expect(transferText({ current: 0, total: 10, bytesPerSecond: 0 })).toBe('0B of 10B (0 %)');
  expect(transferText({ current: 12, total: 10, bytesPerSecond: 1 })).toBe(
    '12B of 10B (100 %), 1B/s, less than a second left',
  );
});
