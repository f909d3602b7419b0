import type { IncomingMessage } from 'node:http';
import { CancelledError } from '#lib/errors.ts';

/** Bytes that wait for their reader before the sender is slowed down. */
const WAITING_LIMIT_BYTES = 1024 * 1024;

/**
 * The body of a request as its pieces come, without copying them: uploads are gigabytes in small pieces. Who stops reading early leaves
 * the connection whole, so that the answer arrives. To be read once.
 * @throws {CancelledError} when the client leaves before the end
 */
export function readBody(request: IncomingMessage): AsyncIterableIterator<Buffer> {
  const waiting: Buffer[] = [];
  let waitingBytes = 0;
  let wake: (() => void) | undefined;
  let isStarted = false;
  const notify = (): void => {
    wake?.();
    wake = undefined;
  };
  const onData = (chunk: Buffer): void => {
    waiting.push(chunk);
    waitingBytes += chunk.length;
    if (waitingBytes >= WAITING_LIMIT_BYTES) request.pause();
    notify();
  };
  const start = (): void => {
    isStarted = true;
    request.on('data', onData).on('end', notify).on('error', notify).on('close', notify);
  };
  let at = 0;
  const take = (): Buffer | undefined => {
    const chunk = waiting[at];
    if (chunk === undefined) return undefined;
    at += 1;
    waitingBytes -= chunk.length;
    if (at === waiting.length) {
      waiting.length = at = 0;
      if (request.isPaused()) request.resume();
    }
    return chunk;
  };
  const stop = (): void => {
    request.off('data', onData).off('end', notify).off('error', notify).off('close', notify);
    request.pause();
  };
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      if (!isStarted) start();
      for (;;) {
        const value = take();
        if (value !== undefined) return { done: false, value };
        if (request.readableEnded) return { done: true, value: undefined };
        if (request.destroyed || request.errored !== null)
          throw new CancelledError('the client went away while it was sending', { cause: request.errored });
        await new Promise<void>((resolve) => (wake = resolve));
      }
    },
    async return() {
      if (isStarted) stop();
      return { done: true, value: undefined };
    },
  };
}
