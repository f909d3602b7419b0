import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { constants, gzipSync, zstdCompressSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { InvalidArgumentError, TooLargeError } from '#lib/errors.ts';
import { decompress } from './decompress.ts';

const content = Buffer.concat([randomBytes(3_000_000), Buffer.alloc(1_000_000, 'a')]);

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(source));
}

const packed: Record<string, Buffer> = {
  none: content,
  gzip: gzipSync(content),
  'two gzip members': Buffer.concat([gzipSync(content.subarray(0, 99)), gzipSync(content.subarray(99))]),
  zstd: zstdCompressSync(content, { params: { [constants.ZSTD_c_checksumFlag]: 1 } }),
  'two zstd frames': Buffer.concat([zstdCompressSync(content.subarray(0, 99)), zstdCompressSync(content.subarray(99))]),
  'zstd after a skippable frame': Buffer.concat([
    Buffer.from('502a4d1804000000abcdabcd', 'hex'),
    zstdCompressSync(content),
  ]),
  xz: execFileSync('xz', ['-0', '-c'], { input: content, maxBuffer: 1e8 }),
  bzip2: execFileSync('bzip2', ['-1', '-c'], { input: content, maxBuffer: 1e8 }),
};

test.each(Object.entries(packed))(
  '%s is unpacked, whatever the pieces',
  async (_name, bytes) => {
    expect((await collect(decompress(pieces(bytes, 65_537)))).equals(content)).toBe(true);
  },
  20_000,
);

test('few bytes, and none, are no compression', async () => {
  expect((await collect(decompress(pieces(Buffer.from('ab'), 1)))).toString()).toBe('ab');
  expect((await collect(decompress(pieces(Buffer.alloc(0), 1)))).length).toBe(0);
});

test.each(['gzip', 'zstd', 'xz', 'bzip2'])('%s that breaks off or is damaged is an error', async (name) => {
  const whole = packed[name] ?? Buffer.alloc(0);
  const damaged = Buffer.from(whole);
  damaged.fill(0x55, 1_000_000, 1_000_100);
  await expect(collect(decompress(pieces(whole.subarray(0, whole.length - 1000), 65_536)))).rejects.toThrow(
    InvalidArgumentError,
  );
  await expect(collect(decompress(pieces(damaged, 65_536)))).rejects.toThrow(InvalidArgumentError);
});

test('a stream that asks for a gigabyte of memory is refused', async () => {
  const greedy = execFileSync('xz', ['-c', '--lzma2=dict=1GiB'], { input: Buffer.alloc(1000) });
  await expect(collect(decompress(pieces(greedy, 100)))).rejects.toThrow(InvalidArgumentError);
});

test('output stops at its limit', async () => {
  await expect(collect(decompress(pieces(packed['gzip'] ?? content, 65_536), { limitBytes: 1000 }))).rejects.toThrow(
    TooLargeError,
  );
});

async function* failing(): AsyncGenerator<Uint8Array> {
  yield (packed['gzip'] ?? content).subarray(0, 1_000_000);
  throw new RangeError('wire cut');
}

test('a failure of the source arrives as it is', async () => {
  await expect(collect(decompress(failing()))).rejects.toThrow('wire cut');
});

test('a reader that stops early ends the source', async () => {
  let ended = false;
  async function* endless(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) yield packed['gzip'] ?? content;
    } finally {
      ended = true;
    }
  }
  for await (const _ of decompress(endless())) break;
  expect(ended).toBe(true);
});
