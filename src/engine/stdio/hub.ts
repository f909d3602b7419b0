import { once } from 'node:events';
import type { Socket } from 'node:net';
import { connectSeqpacket } from '#linux/seqpacket.ts';

export type StreamName = 'stdout' | 'stderr';

/** Bytes so far, by stream. */
export type Position = Readonly<Record<StreamName, number>>;

export interface Listener {
  chunk(bytes: Uint8Array, stream: StreamName): void;
  end(): void;
}

/**
 * The engine's one connection to a container's streams, fanned out. It always reads: who listens must not wait, or the container would stand still.
 */
export interface Hub {
  /** From now on; `end` is called once, also when the streams have ended already. */
  listen(listener: Listener): Disposable;
  /** Output since the hub was opened; of a hub that was opened before the start, since the start. */
  position(): Position;
  /** Standard input; answers when more may come. Input that nobody reads any more is dropped. */
  write(bytes: Uint8Array): Promise<void>;
  /** Stops reading, or goes on: the process waits meanwhile. Only for who has no log to serve a slow client from. */
  flow(on: boolean): void;
  /** Ends standard input; output goes on. */
  endInput(): void;
  /** Resolves when all output was passed on. */
  readonly ended: Promise<void>;
  close(): void;
}

/** First byte of each packet (conmon's attach protocol). */
const STREAMS: Readonly<Record<number, StreamName>> = { 2: 'stdout', 3: 'stderr' };

/** @throws {NotFoundError} if the container's supervisor is gone */
export async function openHub(path: string): Promise<Hub> {
  const socket = await connectSeqpacket(path);
  const listeners = new Set<Listener>();
  const bytes = { stdout: 0, stderr: 0 };
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  let open = true;
  const finish = (): void => {
    if (!open) return;
    open = false;
    socket.destroy();
    for (const listener of listeners) listener.end();
    listeners.clear();
    resolve();
  };
  socket.on('data', (packet: Buffer) => {
    const stream = STREAMS[packet[0] ?? 0];
    if (stream === undefined) return;
    const chunk = packet.subarray(1);
    bytes[stream] += chunk.length;
    for (const listener of listeners) listener.chunk(chunk, stream);
  });
  socket.on('error', () => {}); // `close` follows
  socket.on('end', finish);
  socket.on('close', finish);
  return {
    ended,
    close: finish,
    position: () => ({ ...bytes }),
    listen(listener) {
      if (open) listeners.add(listener);
      else queueMicrotask(() => listener.end());
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
    flow: (on) => void (on ? socket.resume() : socket.pause()),
    write: async (chunk) => write(socket, chunk),
    endInput: () => {
      if (socket.writable) socket.end();
    },
  };
}

/** Packets to the supervisor hold at most this much. */
const INPUT_PACKET_BYTES = 8192;

async function write(socket: Socket, bytes: Uint8Array): Promise<void> {
  for (let offset = 0; offset < bytes.length && socket.writable; offset += INPUT_PACKET_BYTES) {
    const more = socket.write(bytes.subarray(offset, offset + INPUT_PACKET_BYTES));
    if (!more) await Promise.race([once(socket, 'drain'), once(socket, 'close')]).catch(() => {});
  }
}
