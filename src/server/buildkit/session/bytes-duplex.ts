import { Duplex } from 'node:stream';
import type { GrpcCall } from '#lib/grpc/client.ts';
import { decodeMessage } from '#lib/protobuf/decode.ts';
import { encodeMessage } from '#lib/protobuf/encode.ts';
import { BYTES_MESSAGE } from './messages/bytes-message.ts';

/** The next piece is taken when there is room for it. */
async function send(call: GrpcCall, ...[chunk, done]: [Buffer, () => void]): Promise<void> {
  await call.send(encodeMessage(BYTES_MESSAGE, { data: chunk }));
  done();
}

/** A call whose messages are pieces of bytes both ways, as a connection. */
export function bytesDuplex(call: GrpcCall): Duplex {
  const messages = call.messages[Symbol.asyncIterator]();
  const next = async (duplex: Duplex): Promise<void> => {
    for (;;) {
      const { done, value } = await messages.next();
      if (done === true) {
        duplex.push(null);
        return;
      }
      const { data } = decodeMessage(BYTES_MESSAGE, value);
      // An empty piece would not ask for another.
      if (data.length === 0) continue;
      duplex.push(data);
      return;
    }
  };
  return new Duplex({
    read() {
      next(this).catch((error: unknown) => this.destroy(error as Error));
    },
    write(chunk: Buffer, _encoding, done) {
      void send(call, chunk, done);
    },
    final(done) {
      call.end();
      done();
    },
    destroy(error, done) {
      call[Symbol.dispose]();
      done(error);
    },
  });
}
