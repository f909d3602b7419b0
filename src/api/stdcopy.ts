import { InvalidArgumentError } from '#lib/errors.ts';

/** Streams of a container without a terminal, as numbered on the wire. */
export const STREAMS = { stdin: 0, stdout: 1, stderr: 2, systemError: 3 } as const;
export type StreamName = keyof typeof STREAMS;

const HEADER_BYTES = 8;
const NAMES = Object.keys(STREAMS) as StreamName[];
/** More than any engine sends in a frame; a length beyond it means the stream is not framed. */
const FRAME_LIMIT_BYTES = 64 * 1024 * 1024;

/** One piece of output in the Engine API's multiplexed form: stream number, three zeros, length (big endian), bytes. */
export function stdcopyFrame(stream: StreamName, payload: Uint8Array): Uint8Array {
  const frame = new Uint8Array(HEADER_BYTES + payload.byteLength);
  frame[0] = STREAMS[stream];
  new DataView(frame.buffer).setUint32(4, payload.byteLength);
  frame.set(payload, HEADER_BYTES);
  return frame;
}

/**
 * Takes a multiplexed stream apart. A long frame comes in several pieces, as its bytes arrive.
 * @throws {InvalidArgumentError} if the bytes are not framed, or end within a frame
 */
export async function* parseStdcopy(
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<{ stream: StreamName; payload: Uint8Array }> {
  const header = new Uint8Array(HEADER_BYTES);
  let headerBytes = 0;
  let left = 0;
  let stream: StreamName = 'stdout';
  for await (const chunk of source) {
    let offset = 0;
    while (offset < chunk.byteLength) {
      const piece = chunk.subarray(offset, offset + (left > 0 ? left : HEADER_BYTES - headerBytes));
      offset += piece.byteLength;
      if (left > 0) {
        left -= piece.byteLength;
        yield { stream, payload: piece };
        continue;
      }
      header.set(piece, headerBytes);
      headerBytes += piece.byteLength;
      if (headerBytes < HEADER_BYTES) continue;
      ({ stream, length: left } = parseHeader(header));
      headerBytes = 0;
    }
  }
  if (left > 0 || headerBytes > 0) throw new InvalidArgumentError('the stream ended within a frame');
}

function parseHeader(header: Uint8Array): { stream: StreamName; length: number } {
  const stream = NAMES[header[0] ?? -1];
  const length = new DataView(header.buffer, header.byteOffset).getUint32(4);
  if (stream === undefined || length > FRAME_LIMIT_BYTES || header[1] !== 0 || header[2] !== 0 || header[3] !== 0)
    throw new InvalidArgumentError('the stream is not in frames');
  return { stream, length };
}
