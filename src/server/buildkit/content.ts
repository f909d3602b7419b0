import { NotFoundError } from '#lib/errors.ts';
import { type Method, serverStream, unary } from '#lib/grpc/method.ts';
import { bytes, embedded, int64, string } from '#lib/protobuf/field.ts';
import { message } from '#lib/protobuf/message.ts';
import type { Attachments } from './attachments.ts';

const SERVICE = '/containerd.services.content.v1.Content/';
const PIECE_BYTES = 1024 * 1024;

const INFO_REQUEST = message({ digest: string(1) });
const INFO_ANSWER = message({ info: embedded(1, message({ digest: string(1), size: int64(2) })) });
const READ_REQUEST = message({ digest: string(1), offset: int64(2), size: int64(3) });
const READ_ANSWER = message({ offset: int64(1), data: bytes(2) });

/** containerd.services.content.v1, to read: what records of builds refer to. */
export function contentMethods({ attachments }: { attachments: Attachments }): [path: string, method: Method][] {
  const blobOf = (digest: string): Uint8Array => {
    const found = attachments.read(digest);
    if (found !== undefined) return found;
    throw new NotFoundError(`content ${digest}: not found`, { why: 'only what the last builds left is kept' });
  };
  return [
    [
      `${SERVICE}Info`,
      unary({ request: INFO_REQUEST, answer: INFO_ANSWER }, async ({ digest }) => ({
        info: { digest, size: blobOf(digest).length },
      })),
    ],
    [
      `${SERVICE}Read`,
      serverStream({ request: READ_REQUEST, answer: READ_ANSWER }, async function* ({ digest, offset, size }) {
        const blob = blobOf(digest);
        const end = size === 0 ? blob.length : Math.min(blob.length, offset + size);
        for (let at = offset; at < end; at += PIECE_BYTES)
          yield { offset: at, data: blob.subarray(at, Math.min(end, at + PIECE_BYTES)) };
      }),
    ],
  ];
}
