import type { OutputSink } from '#engine/builder/export/output-spec.ts';
import { NotImplementedError, UnavailableError } from '#lib/errors.ts';
import { openRoot } from '#lib/files/open-root.ts';
import type { GrpcCall } from '#lib/grpc/client.ts';
import { encodeMessage } from '#lib/protobuf/encode.ts';
import { BYTES_MESSAGE } from './messages/bytes-message.ts';
import { sendFiles } from './send-files.ts';
import { callSession, type SessionClient } from './session-client.ts';

const DIFF_COPY = '/moby.filesync.v1.FileSend/DiffCopy';
/** Metadata: which of the outputs, and what is told of it. */
const EXPORTER_ID = 'buildkit-attachable-exporter-id';
const FACT_PREFIX = 'exporter-md-';
const PIECE_BYTES = 1024 * 1024;

/** Where the client puts an output. @param index of the output among those it asked for */
export function sessionSink(client: SessionClient, index: number): OutputSink {
  const start = (facts: ReadonlyMap<string, string>): GrpcCall =>
    callSession(client, DIFF_COPY, { metadata: writeFacts(index, facts), what: 'a place for the output' });
  return {
    async stream(bytes, metadata) {
      using call = start(metadata);
      await sendBytes(call, bytes);
    },
    async tree(folder, { keep, metadata, time }) {
      if (!keep)
        throw new NotImplementedError('mode=delete is not possible over a session', {
          why: 'the client itself writes the files, and is not told to take others away',
          hint: 'empty the folder before the build, and leave mode=delete out',
        });
      using call = start(metadata);
      using root = openRoot(folder);
      await sendFiles(call, root, time === undefined ? {} : { time });
    },
  };
}

function writeFacts(index: number, facts: ReadonlyMap<string, string>): Map<string, string[]> {
  const metadata = new Map([[EXPORTER_ID, [String(index)]]]);
  // The other side has no escapes for them.
  for (const [name, value] of facts)
    metadata.set(`${FACT_PREFIX}${name.toLowerCase()}`, [value.replace(/[^\x20-\x7e]/g, '?')]);
  return metadata;
}

async function sendBytes(call: GrpcCall, bytes: AsyncIterable<Uint8Array>): Promise<void> {
  const state = { isOver: false };
  const ended = readToEnd(call).finally(() => {
    state.isOver = true;
  });
  // It is waited for below; until then nobody may.
  ended.catch(() => {});
  for await (const chunk of bytes) {
    for (let at = 0; at < chunk.length && !state.isOver; at += PIECE_BYTES)
      await call.send(encodeMessage(BYTES_MESSAGE, { data: chunk.subarray(at, at + PIECE_BYTES) }));
    if (!state.isOver) continue;
    await ended;
    throw new UnavailableError('the client stopped taking the output', { why: 'it ended before all was sent' });
  }
  call.end();
  await ended;
}

async function readToEnd(call: GrpcCall): Promise<void> {
  for await (const _ of call.messages);
}
