import { randomBytes } from 'node:crypto';
import { gunzipSync, gzipSync, zstdDecompressSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { type Compression, compressLayer } from './compress-layer.ts';

async function* chunks(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield Buffer.from(bytes.subarray(at, at + size));
}

async function compressed(bytes: Buffer, size: number, compression: Compression): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(compressLayer(chunks(bytes, size), compression)));
}

/** Noise, and text that repeats across the borders of pieces. */
const TAR = Buffer.concat([randomBytes(700_000), Buffer.from('a line of text\n'.repeat(180_000)), randomBytes(10_001)]);
const GZIP: Compression = { kind: 'gzip', level: 6 };

test('gzip in pieces is one member that every program reads, hardly larger than in one go', async () => {
  const bytes = await compressed(TAR, 65_536, GZIP);
  expect(gunzipSync(bytes).equals(TAR)).toBe(true);
  expect(bytes.length).toBeLessThan(gzipSync(TAR).length * 1.01);
});

test('zstd in pieces is read as one', async () => {
  const bytes = await compressed(TAR, 65_536, { kind: 'zstd', level: 3 });
  expect(zstdDecompressSync(bytes).equals(TAR)).toBe(true);
});

test.each([0, 1, 1024 * 1024, 1024 * 1024 + 1])('%i bytes come back', async (length) => {
  const bytes = TAR.subarray(0, length);
  expect(gunzipSync(await compressed(bytes, 1000, GZIP)).equals(bytes)).toBe(true);
  expect(zstdDecompressSync(await compressed(bytes, 1000, { kind: 'zstd', level: 1 })).equals(bytes)).toBe(true);
});

test('what is compressed already is passed on nearly as it is, among what is not', async () => {
  const text = Buffer.from('a line of text\n'.repeat(70_000));
  const mixed = Buffer.concat([text, randomBytes(3 * 1024 * 1024), text]);
  const bytes = await compressed(mixed, 65_536, GZIP);
  expect(gunzipSync(bytes).equals(mixed)).toBe(true);
  expect(bytes.length).toBeLessThan(gzipSync(mixed).length * 1.01);
});

test('how a tar arrives makes no difference', async () => {
  const [small, large] = [await compressed(TAR, 777, GZIP), await compressed(TAR, 3_000_000, GZIP)];
  expect(small.equals(large)).toBe(true);
});

test('a reader that stops, and a cancel, leave nothing waiting', async () => {
  const cancelled = new AbortController();
  const bytes = compressLayer(chunks(TAR, 1000), GZIP, { signal: cancelled.signal });
  await bytes.next();
  cancelled.abort();
  await expect(bytes.next()).rejects.toThrow('cancelled');
  const other = compressLayer(chunks(TAR, 1000), GZIP);
  await other.next();
  await other.return(undefined);
});
