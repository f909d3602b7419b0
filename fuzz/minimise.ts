const BLOCK = 512;
/** Tries; what is not small by then is kept as it is. */
const LIMIT = 400;

/** A smaller input that still fails, by leaving out blocks, many at a time and then fewer. */
export async function minimise(input: Buffer, fails: (candidate: Buffer) => Promise<boolean>): Promise<Buffer> {
  let tries = 0;
  let best = input;
  for (let size = Math.ceil(best.length / BLOCK / 2); size >= 1 && tries < LIMIT; size = Math.floor(size / 2)) {
    for (let at = 0; at < best.length && tries < LIMIT;) {
      const candidate = Buffer.concat([best.subarray(0, at), best.subarray(at + size * BLOCK)]);
      tries += 1;
      if (candidate.length < best.length && (await fails(candidate))) best = candidate;
      else at += size * BLOCK;
    }
  }
  return best;
}
