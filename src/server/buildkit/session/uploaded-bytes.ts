import { decodeMessage } from '#lib/protobuf/decode.ts';
import { NotFoundError } from '#lib/errors.ts';
import { BYTES_MESSAGE } from './messages/bytes-message.ts';
import { callSession, type SessionClient } from './session-client.ts';

const PULL = '/moby.upload.v1.Upload/Pull';

/** What the client reads from its standard input, by the address it gave it. It can be read once. */
export async function* uploadedBytes(
  client: SessionClient,
  url: string,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const address = URL.parse(url);
  if (address === null) throw new NotFoundError(`${url} is no address of the client's session`);
  const metadata = new Map([
    ['urlpath', [address.pathname]],
    ['urlhost', [address.host]],
  ]);
  using call = callSession(client, PULL, {
    metadata,
    what: 'what it reads from its standard input',
    ...(signal !== undefined && { signal }),
  });
  call.end();
  for await (const message of call.messages) yield decodeMessage(BYTES_MESSAGE, message).data;
}
