import { parseStdcopy } from '#api/stdcopy.ts';
import { InternalError } from '#lib/errors.ts';

/** One piece of what a container wrote. */
export interface OutputPiece {
  stream: 'stdout' | 'stderr';
  bytes: Uint8Array;
}

/**
 * Reads a container's output from an attach, exec or logs stream: framed, or raw when it has a terminal.
 * @throws {InternalError} with the text that an engine sends as its own error
 */
export async function* readOutput(
  source: AsyncIterable<Uint8Array>,
  { terminal }: { terminal: boolean },
): AsyncGenerator<OutputPiece> {
  if (terminal) {
    for await (const bytes of source) yield { stream: 'stdout', bytes };
    return;
  }
  for await (const { stream, payload } of parseStdcopy(source)) {
    if (stream === 'systemError') throw new InternalError(Buffer.from(payload).toString('utf8').trim());
    yield { stream: stream === 'stderr' ? 'stderr' : 'stdout', bytes: payload };
  }
}
