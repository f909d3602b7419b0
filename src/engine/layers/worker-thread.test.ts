import { expect, test } from 'vitest';
import { InternalError, InvalidArgumentError } from '#lib/errors.ts';
import { sha256 } from '#lib/sha256.ts';
import { createRing } from './create-ring.ts';
import { readRing, writeRing } from './ring.ts';
import { receiveError, sendError } from './worker-error.ts';
import { fromEngine, toWorker } from './worker-start.ts';
import { startWorker } from './worker-thread.ts';

test('a thread that cannot start is an error, not a wait without end', async () => {
  const thread = startWorker('no-such-thread', createRing());
  await expect(thread.run({})).rejects.toThrow(InternalError);
  expect(thread.isAlive).toBe(false);
  await expect(thread.run({})).rejects.toThrow('no-such-thread ended unexpectedly');
});

test('a thread that dies in the middle of its job is an error, and nobody waits for it', async () => {
  const ring = createRing();
  const writer = writeRing(ring);
  const thread = startWorker<null, string>('hash-worker', ring);
  const job = thread.run(null);
  job.catch(() => writer.abandon(0));
  writer.abandon(1);
  await writer.write(Buffer.alloc(3 * 1024 * 1024));
  await Promise.all([thread.end(50), expect(job).rejects.toThrow(InternalError)]);
  // More than the ring holds.
  await writer.write(Buffer.alloc(64 * 1024 * 1024));
});

test('a ring gives both readers all of it in order', async () => {
  const ring = createRing();
  const writer = writeRing(ring);
  const hasher = startWorker<null, string>('hash-worker', ring);
  const hashed = hasher.run(null);
  writer.abandon(1);
  const pieces = Array.from({ length: 300 }, (_, index) => Buffer.alloc(100_001, index));
  for (const piece of pieces) await writer.write(piece);
  writer.end();
  const whole = Buffer.concat(pieces);
  expect(await hashed).toBe(sha256(whole));
  await hasher.end();
});

test('a reader of a ring that is stopped ends before the end', () => {
  const ring = createRing();
  const writer = writeRing(ring);
  void writer.write(Buffer.alloc(10));
  writer.stop();
  expect(readRing(ring, 0).next()).toEqual({ done: true, value: false });
});

test('a thread of another version is not worked with', () => {
  const ring = createRing();
  const start = toWorker(ring);
  expect(fromEngine(start)).toBe(ring);
  expect(() => fromEngine({ ...start, version: '0.0.0' })).toThrow('the engine that runs is version 0.0.0');
});

test('errors keep their kind and what they tell on the way between threads', () => {
  const error = new InvalidArgumentError('entry "x" is broken', { why: 'because', hint: 'do that' });
  const received = receiveError(structuredClone(sendError(error)));
  expect(received).toBeInstanceOf(InvalidArgumentError);
  expect(received).toMatchObject({ message: 'entry "x" is broken', why: 'because', hint: 'do that' });
  expect(receiveError(sendError(new TypeError('defect')))).toBeInstanceOf(InternalError);
});
