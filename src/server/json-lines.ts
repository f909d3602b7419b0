import type { ServerResponse } from 'node:http';
import { drained } from './drained.ts';

export interface JsonLines {
  write(message: unknown): Promise<void>;
  end(): void;
}

/** Starts an answer of JSON objects, one per line; headers go out at once, a slow reader slows the writer. */
export function openJsonLines(response: ServerResponse): JsonLines {
  response.writeHead(200, { 'Content-Type': 'application/json' });
  response.flushHeaders();
  return {
    async write(message) {
      if (response.writableEnded || response.destroyed) return;
      const goesOn = response.write(`${JSON.stringify(message)}\r\n`);
      if (!goesOn) await drained(response);
    },
    end() {
      response.end();
    },
  };
}
