import type { TarHeader } from './header.ts';
import { createTarParser, type TarLimits } from './parser.ts';

export interface TarEntry {
  header: TarHeader;
  /**
   * The entry's content as stored (a sparse file without its holes); what is not read is skipped when the next entry is asked for.
   * Pieces are views of the source's chunks.
   */
  content: AsyncIterable<Buffer>;
}

type Piece = { header: TarHeader } | { data: Buffer } | { end: true };

/**
 * The entries of a tar archive one after another, for who needs to wait between them.
 * @throws {InvalidArgumentError} if the archive is broken; {TooLargeError} beyond the limits
 */
export async function* readTar(source: AsyncIterable<Uint8Array>, limits?: TarLimits): AsyncGenerator<TarEntry> {
  const pieces: AsyncGenerator<Piece> = readPieces(source, limits);
  let open = false;
  async function* content(): AsyncGenerator<Buffer> {
    while (open) {
      const { value, done } = await pieces.next();
      if (done === true || 'end' in value) open = false;
      else if ('data' in value) yield value.data;
    }
  }
  try {
    for (;;) {
      for await (const _ of content()); // what the consumer left unread
      const { value, done } = await pieces.next();
      if (done === true) return;
      if (!('header' in value)) continue;
      open = true;
      yield { header: value.header, content: content() };
    }
  } finally {
    await pieces.return(undefined);
  }
}

async function* readPieces(source: AsyncIterable<Uint8Array>, limits: TarLimits | undefined): AsyncGenerator<Piece> {
  let queue: Piece[] = [];
  const parser = createTarParser(
    {
      entry: (header) => queue.push({ header }),
      data: (data) => queue.push({ data }),
      end: () => queue.push({ end: true }),
    },
    limits,
  );
  for await (const chunk of source) {
    parser.push(chunk);
    const ready = queue;
    queue = [];
    yield* ready;
  }
  parser.finish();
}
