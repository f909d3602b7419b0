import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { sha256 } from '#lib/sha256.ts';
import { hashTar } from './hash-tar.ts';
import { openLanes } from './lanes.ts';

const bytes = randomBytes(5_000_000);

async function* inPieces(content: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < content.length; at += size) yield Uint8Array.from(content.subarray(at, at + size));
}

test('a tar has the same digest in pieces of any size, here and in another thread, also when all threads are busy', async () => {
  await using lanes = openLanes({ count: 1 });
  for (const length of [0, 1, 2_000_000, bytes.length])
    for (const size of [700_001, 4_000_000]) {
      const content = bytes.subarray(0, length);
      const both = await Promise.all([hashTar({ lanes }, inPieces(content, size)), hashTar({ lanes }, inPieces(content, size))]); // prettier-ignore
      for (const hashed of both) expect(hashed).toEqual({ diffId: sha256(content), tarBytes: length });
    }
});

test('a tar that breaks off is an error, and the threads go on', async () => {
  await using lanes = openLanes({ count: 1 });
  const broken = async function* (): AsyncGenerator<Uint8Array> {
    yield* inPieces(bytes, 1_000_000);
    throw new Error('the disk is gone');
  };
  await expect(hashTar({ lanes }, broken())).rejects.toThrow('the disk is gone');
  expect(await hashTar({ lanes }, inPieces(bytes, 1_000_000))).toMatchObject({ diffId: sha256(bytes) });
});
