import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { stdcopyFrame } from '#api/stdcopy.ts';
import { createDetachFilter } from '#engine/stdio/detach-keys.ts';
import type { StreamName } from '#engine/stdio/hub.ts';
import type { Progress, Streams } from '#engine/stdio/streams.ts';
import { replayFrom } from './replay.ts';

export interface AttachOptions {
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
  /** Frames tell the streams apart; a terminal has none. */
  framed: boolean;
  /** Typed to leave without ending the process; only looked for with a terminal. */
  detachKeys: readonly number[] | undefined;
  /** The input stays open for the next client when this one ends its side. */
  keepInput?: boolean;
  /** Log that a client who falls behind is served from. */
  log: string | undefined;
  /** Also what this run has written up to now, from its log. */
  fromStart?: boolean;
  /** What must be so before the client is told the end: it asks for the exit code then. */
  settled?: Promise<unknown>;
}

const AGAIN_MS = 20;
/** What a client may have waiting before it is served from the log. */
const BUFFER_LIMIT_BYTES = 1024 * 1024;

/**
 * Joins a client with a process's streams until the process ends, the client leaves, or it types the detach keys. Who listens is in place
 * when this returns. @returns why it ended
 */
export function attachStreams(
  client: Duplex,
  streams: Streams,
  options: AttachOptions,
): Promise<'ended' | 'detached' | 'left'> {
  const { promise, resolve } = Promise.withResolvers<'ended' | 'detached' | 'left'>();
  const output = createOutput(client, streams, options);
  const finish = async (why: 'ended' | 'detached' | 'left'): Promise<void> => {
    listening[Symbol.dispose]();
    if (why === 'ended') await Promise.all([output.drained(), options.settled]);
    client.end();
    if (!options.stdin) client.resume();
    resolve(why);
  };
  const listening = streams.listen({
    chunk: (bytes, stream) => output.chunk(bytes, stream),
    end: () => void finish('ended'),
  });
  client.once('close', () => void finish('left'));
  client.on('error', () => {});
  if (options.stdin) void input();
  else client.resume();
  return promise;

  async function input(): Promise<void> {
    if (await pumpInput(client, streams, options)) await finish('detached');
  }
}

/** @returns whether the detach keys were typed */
async function pumpInput(
  client: Duplex,
  streams: Streams,
  { detachKeys, keepInput = false }: AttachOptions,
): Promise<boolean> {
  const filter = detachKeys === undefined ? undefined : createDetachFilter(detachKeys);
  try {
    const source: AsyncIterable<Buffer> = client.iterator({ destroyOnReturn: false });
    for await (const chunk of source) {
      const { pass, detached } = filter?.push(chunk) ?? { pass: chunk, detached: false };
      if (pass.length > 0) await streams.write(pass);
      if (detached) return true;
    }
    if (!keepInput) await streams.endInput();
  } catch {
    // The client broke off: it can neither type nor end the input.
  }
  return false;
}

interface Output {
  chunk(bytes: Uint8Array, stream: StreamName): void;
  drained(): Promise<void>;
}

/** Never waits for the client: what it does not take in time comes from the log when it is ready for more. */
function createOutput(client: Duplex, streams: Streams, options: AttachOptions): Output {
  let behind: Promise<void> | undefined;
  // What the log gave before the stream did.
  let ahead = { stdout: 0, stderr: 0 };
  const send = (bytes: Uint8Array, stream: StreamName): boolean => {
    if (!options[stream] || !client.writable) return true;
    return client.write(options.framed ? stdcopyFrame(stream, bytes) : bytes);
  };
  const catchUp = async (from: Progress): Promise<void> => {
    let have = from.written;
    for (;;) {
      const isOver = streams.progress() === undefined;
      const pass = replayFrom({ client, log: options.log ?? '', send }, { ...from, written: have });
      have = await pass.catch(() => cut(client, have));
      const written = streams.progress()?.written ?? have;
      if (isOver || !client.writable || (have.stdout >= written.stdout && have.stderr >= written.stderr)) {
        ahead = { stdout: have.stdout - written.stdout, stderr: have.stderr - written.stderr };
        behind = undefined;
        return;
      }
      await sleep(AGAIN_MS);
    }
  };
  const progress = streams.progress();
  if (options.fromStart === true && progress !== undefined && options.log !== undefined)
    behind = catchUp({ ...progress, written: { stdout: 0, stderr: 0 } });
  return {
    chunk(all, stream) {
      if (behind !== undefined) return;
      const known = Math.min(ahead[stream], all.length);
      ahead[stream] -= known;
      const bytes = all.subarray(known);
      if (bytes.length === 0) return;
      if (client.writableLength < BUFFER_LIMIT_BYTES || options.log === undefined) {
        send(bytes, stream);
        if (options.log === undefined && client.writableLength >= BUFFER_LIMIT_BYTES) void holdBack(client, streams);
        return;
      }
      const now = streams.progress();
      if (now === undefined) {
        cut(client, ahead);
        return;
      }
      const { written } = now;
      behind = catchUp({ ...now, written: { ...written, [stream]: written[stream] - bytes.length } });
    },
    drained: async () => behind,
  };
}

/** Neither the stream nor the log has what the client needs next: a cut is better than a gap. */
function cut<T>(client: Duplex, answer: T): T {
  client.destroy();
  return answer;
}

/** Without a log a slow client slows the process, and nobody's memory fills. */
async function holdBack(client: Duplex, streams: Streams): Promise<void> {
  streams.flow(false);
  await Promise.race([once(client, 'drain'), once(client, 'close')]).catch(() => {});
  streams.flow(true);
}
