import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { decompress } from '#lib/compression/decompress.ts';
import { pick } from '../../soak/support.ts';
import { layerTar } from '../archives.ts';
import { defectOfError } from '../defect.ts';
import { mutateBytes } from '../mutate.ts';
import type { FuzzTarget } from '../target.ts';

const LIMIT_BYTES = 64 * 2 ** 20;
/** A program is started for these, so they come seldom. */
const PROGRAMS_SHARE = 0.01;

/** What unpacks compressed bytes: throws only errors of ours, ends, and gives the same whatever the pieces are. */
export const compressionTarget: FuzzTarget = {
  name: 'compression',
  rounds: 20_000,
  open: async () => ({
    make(random) {
      const plain = layerTar(random, '/tmp/outside');
      const program = random() < PROGRAMS_SHARE ? pick(random, ['xz', 'bzip2'] as const) : undefined;
      const level = 1 + Math.floor(random() * 9);
      const packed =
        program === undefined
          ? pick(random, [
              () => gzipSync(plain, { level }),
              () => Buffer.concat([gzipSync(plain, { level }), gzipSync(plain)]),
              () => zstdCompressSync(plain),
              () =>
                Buffer.concat([
                  zstdCompressSync(plain),
                  Buffer.from('502a4d1804000000abcdabcd', 'hex'),
                  zstdCompressSync(plain),
                ]),
            ] as const)()
          : execFileSync(program, ['-c'], { input: plain });
      return random() < 0.9 ? mutateBytes(random, packed) : packed;
    },
    async check(input, random) {
      const whole = await unpack(input, input.length + 1);
      const size = 1 + Math.floor(random() * 2000);
      const pieces = await unpack(input, size);
      const differs =
        pieces.said === whole.said ? undefined : `pieces of ${size} bytes give ${pieces.said}, not ${whole.said}`;
      return { isTaken: whole.isTaken, defect: whole.defect ?? pieces.defect ?? differs };
    },
    [Symbol.asyncDispose]: async () => {},
  }),
};

async function unpack(
  input: Buffer,
  size: number,
): Promise<{ isTaken: boolean; said: string; defect?: string | undefined }> {
  async function* source(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < input.length; at += size) yield Buffer.from(input.subarray(at, at + size));
  }
  const hash = createHash('sha256');
  try {
    for await (const chunk of decompress(source(), { limitBytes: LIMIT_BYTES })) hash.update(chunk);
    return { isTaken: true, said: hash.digest('hex') };
  } catch (error) {
    return { isTaken: false, said: (error as Error).constructor.name, defect: defectOfError(error) };
  }
}
