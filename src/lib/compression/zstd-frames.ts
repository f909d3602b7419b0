import { InvalidArgumentError } from '#lib/errors.ts';

const FRAME_MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50;

/**
 * Decodes each frame of a zstd stream alone, in order, and leaves out skippable frames (RFC 8878, 3.1). Frames are told apart by their block
 * headers; nothing is decoded for that.
 * @throws {InvalidArgumentError} if something else than a frame comes
 */
export async function* eachZstdFrame(
  source: AsyncIterable<Uint8Array>,
  decode: (frame: AsyncGenerator<Uint8Array>) => AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const reader = createReader(source);
  try {
    for (let head = await reader.take(4); head.length > 0; head = await reader.take(4)) {
      const magic = head.length < 4 ? 0 : head.readUInt32LE();
      if (magic === FRAME_MAGIC) yield* decode(frame(reader, head));
      else if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE_MAGIC) await skip(reader);
      else throw new InvalidArgumentError('content is not valid zstd: something else follows a frame');
    }
  } finally {
    await reader.close();
  }
}

async function* frame(reader: Reader, magic: Buffer): AsyncGenerator<Uint8Array> {
  yield magic;
  const descriptor = await reader.take(1);
  yield descriptor;
  const bits = descriptor[0] ?? 0;
  const isSingleSegment = (bits & 0x20) !== 0;
  const contentSize = [isSingleSegment ? 1 : 0, 2, 4, 8][bits >> 6] ?? 0;
  yield reader.take((isSingleSegment ? 0 : 1) + ([0, 1, 2, 4][bits & 3] ?? 0) + contentSize);
  for (let isLast = false; !isLast;) {
    const header = await reader.take(3);
    yield header;
    if (header.length < 3) return; // the decoder reports that the stream broke off
    const block = header.readUIntLE(0, 3);
    isLast = (block & 1) === 1;
    yield* reader.pieces(((block >> 1) & 3) === 1 ? 1 : block >> 3);
  }
  if ((bits & 0x04) !== 0) yield reader.take(4);
}

async function skip(reader: Reader): Promise<void> {
  const length = await reader.take(4);
  if (length.length < 4) throw new InvalidArgumentError('content is not valid zstd: it breaks off');
  for await (const _ of reader.pieces(length.readUInt32LE()));
}

interface Reader {
  /** Exactly this many bytes; fewer only at the end of the source. */
  take(length: number): Promise<Buffer>;
  pieces(length: number): AsyncGenerator<Buffer>;
  close(): Promise<void>;
}

function createReader(source: AsyncIterable<Uint8Array>): Reader {
  const iterator = source[Symbol.asyncIterator]();
  let pending: Buffer = Buffer.alloc(0);
  async function* pieces(length: number): AsyncGenerator<Buffer> {
    for (let left = length; left > 0;) {
      if (pending.length === 0) {
        const { value, done } = await iterator.next();
        if (done === true) return;
        pending = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
      }
      const piece = pending.subarray(0, left);
      pending = pending.subarray(piece.length);
      left -= piece.length;
      if (piece.length > 0) yield piece;
    }
  }
  return {
    pieces,
    async take(length) {
      if (pending.length < length) return Buffer.concat(await Array.fromAsync(pieces(length)));
      const piece = pending.subarray(0, length);
      pending = pending.subarray(length);
      return piece;
    },
    async close() {
      await iterator.return?.();
    },
  };
}
