import { randomBytes } from 'node:crypto';
import type { ClientStore } from '#engine/builder/cache/cache-spec.ts';
import { ConflictError, NotFoundError, TooLargeError, UnavailableError } from '#lib/errors.ts';
import { decodeMessage } from '#lib/protobuf/decode.ts';
import { encodeMessage } from '#lib/protobuf/encode.ts';
import type { MessageOf, Partly } from '#lib/protobuf/message.ts';
import {
  ACTIONS,
  READ,
  READ_ANSWER,
  READ_REQUEST,
  STORE_ID,
  WRITE,
  WRITE_ANSWER,
  WRITE_REQUEST,
} from './messages/content.ts';
import { callSession, type SessionClient } from './session-client.ts';

/** Of a document that names others. */
const ROOT_LIMIT_BYTES = 16 * 1024 * 1024;
const PIECE_BYTES = 1024 * 1024;

/** A store of content on the client's side. It knows digests alone: the client looks its tags up itself. */
export function sessionStore(client: SessionClient, id: string): ClientStore {
  const metadata = new Map([[STORE_ID, [id]]]);
  const what = `the store ${id}`;
  async function* read(digest: string): AsyncGenerator<Uint8Array> {
    using call = callSession(client, READ, { metadata, what });
    void call.send(encodeMessage(READ_REQUEST, { digest }));
    call.end();
    for await (const message of call.messages) yield decodeMessage(READ_ANSWER, message).data;
  }
  return {
    async root(name) {
      if (!/^[a-z0-9]+:[0-9a-f]{32,}$/.test(name)) return undefined;
      const pieces: Uint8Array[] = [];
      let length = 0;
      try {
        for await (const piece of read(name)) {
          pieces.push(piece);
          length += piece.length;
          if (length > ROOT_LIMIT_BYTES) throw new TooLargeError(`${name} of ${what} is larger than a document is`);
        }
      } catch (error) {
        if (error instanceof NotFoundError) return undefined;
        throw error;
      }
      return Buffer.concat(pieces);
    },
    read,
    async write({ digest, size }, bytes) {
      using call = callSession(client, WRITE, { metadata, what });
      try {
        await writeBlob(createWriting(call), { digest, size, bytes });
      } catch (error) {
        // It is there already.
        if (!(error instanceof ConflictError)) throw error;
      }
    },
  };
}

type WriteRequest = Partly<MessageOf<typeof WRITE_REQUEST>>;
type Writing = (request: WriteRequest) => Promise<MessageOf<typeof WRITE_ANSWER>>;

/** Each request has its answer. */
function createWriting(call: ReturnType<typeof callSession>): Writing {
  const answers = call.messages[Symbol.asyncIterator]();
  return async (request) => {
    await call.send(encodeMessage(WRITE_REQUEST, request));
    const { done, value } = await answers.next();
    if (done === true) throw new UnavailableError('the client stopped taking a blob');
    return decodeMessage(WRITE_ANSWER, value);
  };
}

async function writeBlob(
  ask: Writing,
  { digest, size, bytes }: { digest: string; size: number; bytes: AsyncIterable<Uint8Array> },
): Promise<void> {
  const blob = {
    ref: `berth-${digest.slice(digest.indexOf(':') + 1)}-${randomBytes(4).toString('hex')}`,
    total: size,
    expected: digest,
  };
  await ask({ action: ACTIONS.stat, ...blob });
  let offset = 0;
  for await (const chunk of bytes)
    for (let at = 0; at < chunk.length; at += PIECE_BYTES) {
      const data = chunk.subarray(at, at + PIECE_BYTES);
      await ask({ action: ACTIONS.write, ...blob, offset, data });
      offset += data.length;
    }
  await ask({ action: ACTIONS.commit, ...blob, offset });
}
