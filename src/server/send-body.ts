import type { ServerResponse } from 'node:http';
import { CancelledError } from '#lib/errors.ts';
import { freeBuffer } from '#lib/free-buffer.ts';
import { drained } from './drained.ts';

/**
 * Sends an answer's body of gigabytes, whose pieces nobody else uses: their memory goes once they are sent. Settles when all is.
 * @throws {CancelledError} when the client leaves before the end; what the source throws
 */
export async function sendBody(response: ServerResponse, source: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const piece of source) {
    const goesOn = response.write(piece, () => freeBuffer(piece));
    if (!goesOn && !response.destroyed) await drained(response);
    if (response.destroyed) throw new CancelledError('the client went away before it had all');
  }
  response.end();
}
