import type { IncomingHttpHeaders } from 'node:http';
import { Duplex } from 'node:stream';
import { createChange } from '#lib/change.ts';
import type { CallContext } from '#lib/grpc/method.ts';
import type { MessageOf } from '#lib/protobuf/message.ts';
import type { BYTES_MESSAGE } from './messages/control.ts';

type Piece = MessageOf<typeof BYTES_MESSAGE>;

/** Headers that a session is opened with; over a tunnel they are metadata of the call. */
const HEADERS = ['uuid', 'name', 'sharedkey', 'grpc-method'].map((name) => `x-docker-expose-session-${name}`);

/**
 * A connection inside a call: what comes in pieces is read from it, what is written to it goes out in pieces. The call lasts as long.
 * @param open takes the connection over
 */
export async function* tunnel(
  pieces: AsyncIterable<Piece>,
  ...[{ metadata, signal }, open]: [call: CallContext, open: (socket: Duplex, headers: IncomingHttpHeaders) => unknown]
): AsyncGenerator<{ data: Uint8Array }> {
  const outgoing = createOutgoing();
  const socket = new Duplex({
    read: () => {},
    write: (chunk: Buffer, _, done) => outgoing.put(chunk, done),
    final: (done) => outgoing.end(done),
    destroy: (error, done) => {
      outgoing.end(() => {});
      done(error);
    },
  });
  socket.on('error', () => {});
  signal.addEventListener('abort', () => socket.destroy(), { once: true });
  void receive(pieces, socket);
  // Values of the same name come joined with commas.
  const headers = HEADERS.map((name) => [name, metadata.getAll(name).join(',')]);
  open(socket, Object.fromEntries(headers));
  for await (const chunk of outgoing.take()) yield { data: chunk };
}

async function receive(pieces: AsyncIterable<Piece>, socket: Duplex): Promise<void> {
  try {
    for await (const { data } of pieces) if (data.length > 0) socket.push(data);
    socket.push(null);
  } catch {
    socket.destroy();
  }
}

/** Chunks that wait to be sent; the next one is accepted when the last one was. */
interface Outgoing {
  put(chunk: Buffer, done: () => void): void;
  end(done: () => void): void;
  take(): AsyncGenerator<Buffer>;
}

function createOutgoing(): Outgoing {
  let waiting: { chunk: Buffer; done: () => void } | undefined;
  let isEnded = false;
  const change = createChange();
  return {
    put(chunk, done) {
      waiting = { chunk, done };
      change.tell();
    },
    end(done) {
      isEnded = true;
      change.tell();
      done();
    },
    async *take() {
      for (;;) {
        if (waiting !== undefined) {
          const { chunk, done } = waiting;
          waiting = undefined;
          yield chunk;
          done();
        } else if (isEnded) return;
        else await change.next();
      }
    },
  };
}
