import { createChange } from '#lib/change.ts';
import type { StatusPieces } from './status-events.ts';

/** All that a build has told so far, for whoever asks, from the beginning. */
export interface StatusLog {
  add(pieces: StatusPieces): void;
  /** No more comes. */
  end(): void;
  /** What was told and what is told, put together when it comes faster than it is taken; ends with the build. */
  follow(signal: AbortSignal): AsyncIterable<StatusPieces>;
}

/** Pieces in one message; more would only make it large. */
const AT_A_TIME = 500;

export function createStatusLog(): StatusLog {
  const told: StatusPieces[] = [];
  let isEnded = false;
  const change = createChange();
  return {
    add(pieces) {
      told.push(pieces);
      change.tell();
    },
    end() {
      isEnded = true;
      change.tell();
    },
    async *follow(signal) {
      signal.addEventListener('abort', change.tell, { once: true });
      for (let at = 0; !signal.aborted;) {
        if (at < told.length) {
          const some = told.slice(at, at + AT_A_TIME);
          at += some.length;
          yield joined(some);
        } else if (isEnded) return;
        else await change.next();
      }
    },
  };
}

function joined(pieces: readonly StatusPieces[]): StatusPieces {
  return {
    vertexes: pieces.flatMap(({ vertexes = [] }) => vertexes),
    statuses: pieces.flatMap(({ statuses = [] }) => statuses),
    logs: pieces.flatMap(({ logs = [] }) => logs),
    warnings: pieces.flatMap(({ warnings = [] }) => warnings),
  };
}
