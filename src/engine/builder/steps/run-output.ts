import type { Vertex } from '../progress/events.ts';
import { createRedaction } from './redact.ts';

type Stream = 'stdout' | 'stderr';

/** What a process writes, on its way to whoever looks on; the last lines are kept. */
export interface RunOutput {
  add(this: void, chunk: Uint8Array, stream: Stream): void;
  /** Nothing more comes. */
  end(): void;
  tail(): string[];
}

const TAIL_LINES = 20;
const TAIL_CHARACTERS = 16_384;

/** @param secrets are told to nobody */
export function createRunOutput(vertex: Pick<Vertex, 'log'>, secrets: readonly Buffer[]): RunOutput {
  const streams = { stdout: createRedaction(secrets), stderr: createRedaction(secrets) };
  const decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };
  let text = '';
  const tell = (bytes: Buffer, stream: Stream): void => {
    if (bytes.length === 0) return;
    text = `${text}${decoders[stream].decode(bytes, { stream: true })}`.slice(-TAIL_CHARACTERS);
    vertex.log(stream, bytes);
  };
  return {
    add: (chunk, stream) => tell(streams[stream].push(chunk), stream),
    end() {
      for (const stream of ['stdout', 'stderr'] as const) tell(streams[stream].end(), stream);
    },
    tail: () => text.trimEnd().split('\n').slice(-TAIL_LINES),
  };
}
