import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Duplex } from 'node:stream';
import type { LogEntry } from '#engine/logs/entry.ts';
import { readLog } from '#engine/logs/read.ts';
import type { Position, StreamName } from '#engine/stdio/hub.ts';

const NEWLINE = Buffer.from('\n');
const AGAIN_MS = 20;

/**
 * Sends what a client missed, as fast as it takes it, from the log of the same run, until it has all that was written.
 * @param from bytes it had
 * @param now bytes written by now; undefined when the run has ended
 */
export async function replayFrom(
  { client, log, send }: { client: Duplex; log: string; send: (bytes: Uint8Array, stream: StreamName) => boolean },
  from: Position,
  now: () => Position | undefined,
): Promise<void> {
  const sent = { ...from };
  for (;;) {
    const isLast = now() === undefined;
    const skip = { ...sent };
    for await (const entries of readLog(log, {})) {
      for (const entry of entries) await sendRest(entry);
      if (!client.writable) return;
    }
    const target = now();
    if (isLast || (target !== undefined && sent.stdout >= target.stdout && sent.stderr >= target.stderr)) return;
    await sleep(AGAIN_MS);

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
}
