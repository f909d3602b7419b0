import { imageOf } from '#lib/erofs/test-image.ts';
import { readIndex } from '#lib/erofs/read-index.ts';
import { DataLossError } from '#lib/errors.ts';
import { corpusTar, layerTar } from '../archives.ts';
import { defectOfError } from '../defect.ts';
import { mutateTar } from '../mutate.ts';
import type { FuzzTarget } from '../target.ts';

const OUTSIDE = '/tmp/outside';
/** Sparse files are laid out in memory here. */
const IMAGE_LIMIT_BYTES = 2 ** 28;
const DAMAGES = 8;

/** The index over a layer: made of any tar or refused with an error of ours; read back whole, and read without harm when it is damaged. */
export const indexTarget: FuzzTarget = {
  name: 'index',
  rounds: 100_000,
  open: async () => ({
    make(random) {
      const whole = random() < 0.5 ? corpusTar(random, OUTSIDE) : layerTar(random, OUTSIDE);
      return random() < 0.7 ? mutateTar(random, whole) : whole;
    },
    async check(input, random) {
      let image: Buffer;
      let metadataOffset: number;
      try {
        const made = imageOf(input);
        metadataOffset = made.metadataOffset;
        if (metadataOffset > IMAGE_LIMIT_BYTES) return { isTaken: true };
        image = Buffer.concat(made.pieces);
      } catch (error) {
        // Laid out in memory, a sparse file may be too large for this test alone.
        if (error instanceof RangeError && /Array buffer|length|size/i.test(error.message)) return { isTaken: false };
        return { isTaken: false, defect: defectOfError(error) };
      }
      const defect = readWhole(image) ?? readDamaged(image, { metadataOffset, random });
      return { isTaken: true, defect };
    },
    [Symbol.asyncDispose]: async () => {},
  }),
};

function readWhole(image: Buffer): string | undefined {
  try {
    const index = readIndex((offset, length) => image.subarray(offset, offset + length));
    const seen = new Set<number>();
    for (const { ino } of index.entries()) seen.add(ino);
    // The root has no name.
    return seen.size + 1 === index.inodes ? undefined : `${seen.size} inodes have names, of ${index.inodes}`;
  } catch (error) {
    return `cannot be read back: ${(error as Error).stack}`;
  }
}

/** More names than any input has. */
const NAMES_LIMIT = 1_000_000;

function readDamaged(
  whole: Buffer,
  { metadataOffset, random }: { metadataOffset: number; random: () => number },
): string | undefined {
  for (let damage = 0; damage < DAMAGES; damage++) {
    const image = Buffer.from(whole);
    const isHead = random() < 0.2;
    const [from, to] = isHead ? [1024, 1024 + 128] : [metadataOffset, image.length];
    for (let bytes = 1 + Math.floor(random() * 4); bytes > 0; bytes--)
      image[from + Math.floor(random() * (to - from))] = Math.floor(random() * 256);
    const defect = readCarefully(random() < 0.1 ? image.subarray(0, Math.floor(random() * image.length)) : image);
    if (defect !== undefined) return defect;
  }
  return undefined;
}

function readCarefully(image: Buffer): string | undefined {
  const readAt = (offset: number, length: number): Buffer => {
    if (offset < 0 || length < 0 || length > 2 ** 26)
      throw new RangeError(`${length} bytes at ${offset} were asked for`);
    return image.subarray(offset, offset + length);
  };
  let names = 0;
  try {
    for (const _ of readIndex(readAt).entries()) {
      names += 1;
      if (names > NAMES_LIMIT) return 'a damaged index has no end';
    }
    return undefined;
  } catch (error) {
    return error instanceof DataLossError ? undefined : `a damaged index: ${(error as Error).stack}`;
  }
}
