import type { TarHeader } from '#lib/tar/header.ts';
import { readTar } from '#lib/tar/read-tar.ts';
import { TAR_END, tarEntry, tarPadding } from '#lib/tar/writer.ts';

/** A tar with other times: all else comes as it is, sparse files with their holes filled. Pieces may be views of those read. */
export async function* rewriteTimes(
  tar: AsyncIterable<Uint8Array>,
  timeOf: (mtimeNs: bigint) => bigint,
): AsyncGenerator<Buffer> {
  let gathered: Buffer[] = [];
  let bytes = 0;
  for await (const { header, content } of readTar(tar)) {
    const { sparse, ...plain } = header;
    const pieces = sparse === undefined ? content : fillHoles(content, { ...plain, sparse });
    for await (const piece of entry({ ...plain, mtimeNs: timeOf(header.mtimeNs) }, pieces)) {
      gathered.push(Buffer.from(piece));
      bytes += piece.length;
      if (bytes < GATHERED_BYTES) continue;
      yield Buffer.concat(gathered);
      gathered = [];
      bytes = 0;
    }
  }
  yield Buffer.concat([...gathered, TAR_END]);
}

const GATHERED_BYTES = 256 * 1024;

/** Never later than a point in time, in seconds since epoch. */
export function noLaterThan(epoch: number): (mtimeNs: bigint) => bigint {
  const limit = BigInt(epoch) * 1_000_000_000n;
  return (mtimeNs) => (mtimeNs > limit ? limit : mtimeNs);
}

async function* entry(header: TarHeader, content: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield tarEntry(header);
  if (header.kind !== 'file') return;
  yield* content;
  yield tarPadding(header.size);
}

async function* fillHoles(
  content: AsyncIterable<Buffer>,
  { sparse, size }: Required<Pick<TarHeader, 'sparse' | 'size'>>,
): AsyncGenerator<Buffer> {
  const take = createTaker(content);
  let at = 0;
  for (const { offset, length } of sparse) {
    yield* zeros(offset - at);
    yield* take(length);
    at = offset + length;
  }
  yield* zeros(size - at);
}

/** Hands out what comes in parts of any length. */
function createTaker(content: AsyncIterable<Buffer>): (length: number) => AsyncGenerator<Buffer> {
  const pieces = content[Symbol.asyncIterator]();
  let rest: Buffer = Buffer.alloc(0);
  return async function* take(length) {
    for (let left = length; left > 0;) {
      if (rest.length === 0) {
        const next = await pieces.next();
        if (next.done === true) return;
        rest = next.value;
      }
      const part = rest.subarray(0, left);
      rest = rest.subarray(part.length);
      left -= part.length;
      yield part;
    }
  };
}

function* zeros(length: number): Generator<Buffer> {
  for (let left = length; left > 0; left -= GATHERED_BYTES) yield Buffer.alloc(Math.min(left, GATHERED_BYTES));
}
