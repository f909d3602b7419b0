import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import type { LogEntry } from '#engine/logs/entry.ts';
import { readLog } from '#engine/logs/read.ts';
import type { Position, StreamName } from '#engine/stdio/hub.ts';
import type { Progress } from '#engine/stdio/streams.ts';

const NEWLINE = Buffer.from('\n');

/**
 * Sends what a client does not have yet of a run, as fast as it takes it, from the run's log up to its present end.
 * @param have bytes it has, and where the run's log begins
 * @returns bytes it has then; more than the stream has passed on, if the log is ahead of it
 */
export async function replayFrom(
  { client, log, send }: { client: Duplex; log: string; send: (bytes: Uint8Array, stream: StreamName) => boolean },
  have: Progress,
): Promise<Position> {
  const skip = { ...have.written };
  const sent = { ...have.written };
  for await (const entries of readLog(log, { from: have.start })) {
    for (const entry of entries) await sendRest(entry);
    if (!client.writable) break;
  }
  return sent;

  async function sendRest({ stream, text, partial }: LogEntry): Promise<void> {
    const bytes = partial ? text : Buffer.concat([text, NEWLINE]);
    const skipped = Math.min(skip[stream], bytes.length);
    skip[stream] -= skipped;
    if (skipped === bytes.length) return;
    sent[stream] += bytes.length - skipped;
    if (!send(bytes.subarray(skipped), stream))
      await Promise.race([once(client, 'drain'), once(client, 'close')]).catch(() => {});
  }
}
