import type { IncomingMessage } from 'node:http';
import { CancelledError } from '#lib/errors.ts';
import { freeBuffer } from '#lib/free-buffer.ts';

/** Bytes that wait for their reader before the sender is slowed down. */
const WAITING_LIMIT_BYTES = 1024 * 1024;

/**
 * The body of a request as its pieces come, without copying them: uploads are gigabytes in small pieces. Who stops reading early leaves
 * the connection whole, so that the answer arrives. To be read once.
 * @param frees whether a piece's memory goes once the next is asked for. Left to the collector, the pieces of a large upload take a quarter
 * of the time and a hundred megabytes.
 * @throws {CancelledError} when the client leaves before the end
 */
export function readBody(
  request: IncomingMessage,
  { frees = false }: { frees?: boolean } = {},
): AsyncIterableIterator<Buffer> {
  const waiting = createWaiting(request);
  let used: Buffer | undefined;
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      if (frees && used !== undefined) freeBuffer(used);
      for (;;) {
        const value = waiting.take();
        used = value;
        if (value !== undefined) return { done: false, value };
        if (request.readableEnded) return { done: true, value: undefined };
        if (request.destroyed || request.errored !== null)
          throw new CancelledError('the client went away while it was sending', { cause: request.errored });
        await waiting.change();
      }
    },
    async return() {
      waiting.stop();
      return { done: true, value: undefined };
    },
  };
}

/** Pieces that have come and were not asked for yet. */
interface Waiting {
  /** The next one, if it is there. The first call begins to listen. */
  take(): Buffer | undefined;
  /** Settles when something came, or nothing more will. */
  change(): Promise<void>;
  stop(): void;
}

function createWaiting(request: IncomingMessage): Waiting {
  const pieces: Buffer[] = [];
  let at = 0;
  let bytes = 0;
  let isStarted = false;
  let wake: (() => void) | undefined;
  const notify = (): void => {
    wake?.();
    wake = undefined;
  };
  const onData = (chunk: Buffer): void => {
    pieces.push(chunk);
    bytes += chunk.length;
    if (bytes >= WAITING_LIMIT_BYTES) request.pause();
    notify();
  };
  return {
    take() {
      if (!isStarted) request.on('data', onData).on('end', notify).on('error', notify).on('close', notify);
      isStarted = true;
      const piece = pieces[at];
      if (piece === undefined) return undefined;
      at += 1;
      bytes -= piece.length;
      if (at < pieces.length) return piece;
      pieces.length = at = 0;
      if (request.isPaused()) request.resume();
      return piece;
    },
    change: () => new Promise((resolve) => (wake = resolve)),
    stop() {
      request.off('data', onData).off('end', notify).off('error', notify).off('close', notify);
      if (isStarted) request.pause();
    },
  };
}
