import { expect, test } from 'vitest';
import { freeBuffer } from './free-buffer.ts';

test('a buffer with memory of its own is empty afterwards', () => {
  const bytes = Buffer.allocUnsafeSlow(100_000);
  freeBuffer(bytes);
  expect(bytes.length).toBe(0);
});

test('one that shares its memory keeps it', () => {
  const whole = Buffer.from('shared memory');
  const part = whole.subarray(2, 5);
  freeBuffer(part);
  expect(part.toString()).toBe('are');
  const shared = new Uint8Array(new SharedArrayBuffer(8));
  freeBuffer(shared);
  expect(shared.length).toBe(8);
});
