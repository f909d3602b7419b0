import { once } from 'node:events';
import type { Writable } from 'node:stream';

/** Resolves once the stream takes more bytes, or its reader has left; no listener stays. */
export async function drained(stream: Writable): Promise<void> {
  const over = new AbortController();
  const { signal } = over;
  try {
    await Promise.race([once(stream, 'drain', { signal }), once(stream, 'close', { signal })]);
  } finally {
    over.abort();
  }
}
