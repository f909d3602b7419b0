import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { NotImplementedError, TooLargeError } from '#lib/errors.ts';
import { frameMessage, readFrames } from './framing.ts';

async function* pieces(...list: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* list;
}

async function read(
  source: AsyncIterable<Uint8Array>,
  options: Partial<Parameters<typeof readFrames>[1]> = {},
): Promise<string[]> {
  const found: string[] = [];
  for await (const message of readFrames(source, { encoding: undefined, ...options })) found.push(message.toString());
  return found;
}

const frames = Buffer.concat([
  frameMessage(Buffer.from('one')),
  frameMessage(Buffer.from('')),
  frameMessage(Buffer.from('three')),
]);

test('messages are found however the bytes are cut', async () => {
  expect(await read(pieces(frames))).toEqual(['one', '', 'three']);
  for (const size of [1, 2, 3, 4, 5, 6, 7]) {
    const cut = Array.from({ length: Math.ceil(frames.length / size) }, (_, at) =>
      frames.subarray(at * size, (at + 1) * size),
    );
    expect(await read(pieces(...cut))).toEqual(['one', '', 'three']);
  }
});

test('a stream that ends in a message is broken', async () => {
  await expect(read(pieces(frames.subarray(0, -1)))).rejects.toThrow('ends within one');
  await expect(read(pieces(frames.subarray(0, 3)))).rejects.toThrow('ends within one');
});

test('a message that is too large is refused before it came', async () => {
  const prefix = Buffer.from([0, 0x7f, 0xff, 0xff, 0xff]);
  await expect(read(pieces(prefix), { limitBytes: 1000 })).rejects.toBeInstanceOf(TooLargeError);
  const bomb = gzipSync(Buffer.alloc(1_000_000));
  const frame = frameMessage(bomb);
  frame[0] = 1;
  await expect(read(pieces(frame), { encoding: 'gzip', limitBytes: 10_000 })).rejects.toBeInstanceOf(TooLargeError);
});

test('gzip is read, other compressions are refused', async () => {
  const frame = frameMessage(gzipSync('packed'));
  frame[0] = 1;
  expect(await read(pieces(frame), { encoding: 'gzip' })).toEqual(['packed']);
  await expect(read(pieces(frame), { encoding: 'snappy' })).rejects.toBeInstanceOf(NotImplementedError);
  const broken = frameMessage(Buffer.from('not gzip'));
  broken[0] = 1;
  await expect(read(pieces(broken), { encoding: 'gzip' })).rejects.toThrow('broken');
});
