import type { TarHeader } from '#lib/tar/header.ts';
import { createTarParser } from '#lib/tar/parser.ts';

/** An entry of an archive that passes by. */
export interface PassingEntry {
  header: TarHeader;
  /**
   * Content of a file, in pieces that are views of the source's chunks, and there only until the next piece is asked for. To be read before
   * the next entry is; what is left then is skipped.
   */
  content: AsyncIterableIterator<Buffer>;
}

const END = Symbol('end of an entry');

/**
 * The entries of a tar that is larger than memory, one after another. Iterators are written by hand: the archives of `docker save` come in
 * small pieces and by the gigabyte, where each step of a generator counts.
 * @throws {InvalidArgumentError} if the archive is broken
 */
export async function* splitArchive(source: AsyncIterable<Uint8Array>): AsyncGenerator<PassingEntry> {
  const pieces = createPieces(source);
  try {
    for (;;) {
      const header = await pieces.nextHeader();
      if (header === undefined) return;
      yield { header, content: pieces.content() };
    }
  } finally {
    await pieces.close();
  }
}

interface Pieces {
  /** Skips what is left of the present entry. Undefined at the end of the archive. */
  nextHeader(): Promise<TarHeader | undefined>;
  content(): AsyncIterableIterator<Buffer>;
  close(): Promise<void>;
}

function createPieces(source: AsyncIterable<Uint8Array>): Pieces {
  let queue: (TarHeader | Buffer | typeof END)[] = [];
  let at = 0;
  const parser = createTarParser({
    entry: (header) => queue.push(header),
    data: (chunk) => queue.push(chunk),
    end: () => queue.push(END),
  });
  const chunks = source[Symbol.asyncIterator]();
  let failure: { error: unknown } | undefined;
  /** @returns whether something came */
  const fill = async (): Promise<boolean> => {
    queue = [];
    at = 0;
    // Who reads a file's content may keep the failure for later; the archive cannot be read on for all that.
    if (failure !== undefined) throw failure.error;
    try {
      while (queue.length === 0) {
        const { value, done } = await chunks.next();
        if (done !== true) parser.push(value);
        else {
          parser.finish();
          break;
        }
      }
    } catch (error) {
      failure = { error };
      throw error;
    }
    return queue.length > 0;
  };
  const content = (): AsyncIterableIterator<Buffer> => {
    let isOver = false;
    const iterator: AsyncIterableIterator<Buffer> = {
      [Symbol.asyncIterator]: () => iterator,
      async next() {
        if (!isOver && at === queue.length) isOver = !(await fill());
        const piece = isOver ? END : queue[at++];
        if (Buffer.isBuffer(piece)) return { done: false, value: piece };
        isOver = true;
        return { done: true, value: undefined };
      },
      return: () => Promise.resolve({ done: true, value: undefined }),
    };
    return iterator;
  };
  return {
    content,
    async nextHeader() {
      for (;;) {
        if (at === queue.length && !(await fill())) return undefined;
        const piece = queue[at++];
        if (piece !== END && piece !== undefined && !Buffer.isBuffer(piece)) return piece;
      }
    },
    close: async () => void (await chunks.return?.()),
  };
}
