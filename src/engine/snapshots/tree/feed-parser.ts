import { setImmediate as turn } from 'node:timers/promises';
import { CancelledError } from '#lib/errors.ts';
import type { TarParser } from '#lib/tar/parser.ts';

const PIECE_BYTES = 64 * 1024;
const TURN_MS = 8;

/**
 * Gives a parser that writes files all of an archive, in pieces: writing is synchronous, and others get their turn in between.
 * @throws {CancelledError} when `signal` aborts; what the parser throws
 */
export async function feedParser(
  parser: TarParser,
  source: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<void> {
  let since = performance.now();
  for await (const chunk of source) {
    for (let at = 0; at < chunk.byteLength; at += PIECE_BYTES) {
      if (signal?.aborted === true) throw new CancelledError('unpacking was cancelled', { cause: signal.reason });
      parser.push(chunk.subarray(at, at + PIECE_BYTES));
      if (performance.now() - since < TURN_MS) continue;
      await turn();
      since = performance.now();
    }
  }
  parser.finish();
}
