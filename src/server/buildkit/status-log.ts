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
  let change = Promise.withResolvers<void>();
  const wake = (): void => {
    change.resolve();
    change = Promise.withResolvers<void>();
  };
  return {
    add(pieces) {
      told.push(pieces);
      wake();
    },
    end() {
      isEnded = true;
      wake();
    },
    async *follow(signal) {
      signal.addEventListener('abort', wake, { once: true });
      for (let at = 0; !signal.aborted;) {
        if (at < told.length) {
          const some = told.slice(at, at + AT_A_TIME);
          at += some.length;
          yield joined(some);
        } else if (isEnded) return;
        else await change.promise;
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
