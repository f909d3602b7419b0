import type { BuildLine } from '#api/build-order.ts';
import type { BuildEvent } from '#engine/builder/progress/events.ts';

/** What a build tells, as lines of `POST /berth/build`; undefined for what these have no words for. */
export function buildLine(event: BuildEvent): BuildLine | undefined {
  switch (event.kind) {
    case 'started': {
      const { digest, name, inputs, isMinor, lines } = event.vertex;
      return {
        kind: 'started',
        vertex: digest,
        name,
        inputs,
        isMinor,
        time: event.time,
        ...(lines !== undefined && { lines }),
      };
    }
    case 'completed': {
      const { isCached, error, isCanceled } = event.outcome;
      const failure = { ...(error !== undefined && { error }), ...(isCanceled !== undefined && { isCanceled }) };
      return { kind: 'completed', vertex: event.vertex.digest, time: event.time, isCached, ...failure };
    }
    case 'log':
      return {
        kind: 'log',
        vertex: event.vertex.digest,
        stream: event.stream,
        bytes: Buffer.from(event.bytes).toString('base64'),
      };
    case 'note':
      return { kind: 'note', vertex: event.vertex.digest, text: event.text };
    case 'status': {
      const { completed, ...status } = event.status;
      return {
        kind: 'status',
        vertex: event.vertex.digest,
        ...status,
        ...(completed !== undefined && { completed }),
      };
    }
    case 'message':
      return messageLine(event);
    case 'finding':
      return { kind: 'finding', finding: event.finding };
    case 'remark':
      return { kind: 'remark', text: event.text };
    default:
      return undefined;
  }
}

/** Progress of a pull with bytes, as a status; the rest of it says nothing that the vertex does not. */
function messageLine({ vertex, message }: Extract<BuildEvent, { kind: 'message' }>): BuildLine | undefined {
  const { id, progressDetail } = message;
  if (id === undefined || progressDetail?.current === undefined) return undefined;
  const { current, total = 0 } = progressDetail;
  return { kind: 'status', vertex: vertex.digest, id, current, total, started: Date.now() };
}
