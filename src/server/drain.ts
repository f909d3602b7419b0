import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** A client that sends nothing for so long is not in the middle of sending: it may wait for the answer. */
const QUIET_MS = 200;
const LONGEST_MS = 10_000;

/**
 * Takes in what a client is still sending of a body that nobody wants, so that it reads the answer instead of failing to write;
 * for a while only.
 */
export async function drainBody(request: IncomingMessage): Promise<void> {
  const deadline = Date.now() + LONGEST_MS;
  let last = Date.now();
  request.on('data', () => (last = Date.now()));
  request.resume();
  while (!request.complete && !request.destroyed && Date.now() < deadline && Date.now() - last < QUIET_MS)
    await sleep(5);
}
