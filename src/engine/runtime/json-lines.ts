import type { Duplex } from 'node:stream';
import { InternalError } from '#lib/errors.ts';

/** What the supervisor says on its pipes: a pid or an exit code, below 0 with a reason. */
export interface Message {
  data: number;
  message?: string;
}

export interface JsonLines {
  /** The next message. @throws {InternalError} if the other side ended without one */
  next(): Promise<Message>;
}

/** Reads messages as they come, so that nothing said early is lost. */
export function jsonLines(source: Duplex): JsonLines {
  const messages: Message[] = [];
  const waiting: { resolve: (message: Message) => void; reject: (error: Error) => void }[] = [];
  let text = '';
  let ended = false;
  source.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      const message = JSON.parse(text.slice(0, end)) as Message;
      text = text.slice(end + 1);
      const next = waiting.shift();
      if (next === undefined) messages.push(message);
      else next.resolve(message);
    }
  });
  source.on('close', () => {
    ended = true;
    for (const { reject } of waiting.splice(0)) reject(ending());
  });
  return {
    next: async () => {
      const message = messages.shift();
      if (message !== undefined) return message;
      if (ended) throw ending();
      return new Promise((resolve, reject) => void waiting.push({ resolve, reject }));
    },
  };
}

function ending(): Error {
  return new InternalError('the supervisor ended before it answered');
}
