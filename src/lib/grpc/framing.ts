import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { InvalidArgumentError, NotImplementedError, TooLargeError } from '#lib/errors.ts';

/** Flag and length before each message (gRPC over HTTP/2, "Length-Prefixed-Message"). */
const PREFIX_BYTES = 5;
/** What peers send at most by themselves is a quarter of it. */
export const MESSAGE_LIMIT_BYTES = 16 * 1024 * 1024;

const decompress = promisify(gunzip);

/** A message as it goes over the wire, not compressed. */
export function frameMessage(message: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(PREFIX_BYTES + message.length);
  frame[0] = 0;
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, PREFIX_BYTES);
  return frame;
}

interface Incoming {
  /** The header `grpc-encoding`. */
  encoding: string | undefined;
  limitBytes?: number;
}

/**
 * The messages in a stream of bytes. One that came in one piece is a view into it.
 * @throws {TooLargeError} {NotImplementedError} for another compression than gzip; {InvalidArgumentError} if the stream ends in a message
 */
export async function* readFrames(pieces: AsyncIterable<Uint8Array>, incoming: Incoming): AsyncGenerator<Buffer> {
  for await (const messages of readFrameBatches(pieces, incoming)) yield* messages;
}

/** The same, those together that came together: of thousands of small ones, none is waited for alone. */
export async function* readFrameBatches(
  pieces: AsyncIterable<Uint8Array>,
  { encoding = 'identity', limitBytes = MESSAGE_LIMIT_BYTES }: Incoming,
): AsyncGenerator<Buffer[]> {
  const waiting = createWaiting();
  for await (const piece of pieces) {
    waiting.add(piece);
    const messages: Buffer[] = [];
    for (;;) {
      const length = waiting.peekLength();
      if (length === undefined) break;
      if (length > limitBytes) throw tooLarge(length, limitBytes);
      if (waiting.bytes() < PREFIX_BYTES + length) break;
      const isCompressed = waiting.take(PREFIX_BYTES)[0] !== 0;
      const message = waiting.take(length);
      messages.push(isCompressed ? await inflate(message, encoding, limitBytes) : message);
    }
    if (messages.length > 0) yield messages;
  }
  if (waiting.bytes() > 0) throw new InvalidArgumentError('the stream of messages ends within one');
}

function tooLarge(length: number, limit: number): TooLargeError {
  return new TooLargeError(`a message of ${length} bytes is too large`, { why: `at most ${limit} bytes are taken` });
}

async function inflate(message: Buffer, ...[encoding, limit]: [encoding: string, limit: number]): Promise<Buffer> {
  if (encoding !== 'gzip')
    throw new NotImplementedError(`messages compressed with ${encoding} are not read`, {
      hint: 'send them as they are, or with gzip',
    });
  try {
    return await decompress(message, { maxOutputLength: limit });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(limit + 1, limit);
    throw new InvalidArgumentError('a compressed message is broken', { cause: error });
  }
}

/** Pieces that came and were not taken. */
interface Waiting {
  add(piece: Uint8Array): void;
  bytes(): number;
  /** Of the next message; undefined until its prefix is there. */
  peekLength(): number | undefined;
  take(count: number): Buffer;
}

function createWaiting(): Waiting {
  let pieces: Buffer[] = [];
  let total = 0;
  // Few small copies: pieces are put together when something needs more than the first.
  const gather = (count: number): Buffer => {
    const [first] = pieces;
    if (first !== undefined && first.length >= count) return first;
    const whole = Buffer.concat(pieces);
    pieces = [whole];
    return whole;
  };
  return {
    add(piece) {
      if (piece.length === 0) return;
      pieces.push(Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength));
      total += piece.length;
    },
    bytes: () => total,
    peekLength: () => (total < PREFIX_BYTES ? undefined : gather(PREFIX_BYTES).readUInt32BE(1)),
    take(count) {
      const first = gather(count);
      const rest = first.subarray(count);
      if (rest.length > 0) pieces[0] = rest;
      else pieces.shift();
      total -= count;
      return first.subarray(0, count);
    },
  };
}
