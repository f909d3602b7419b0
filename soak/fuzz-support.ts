import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';

export interface Sent {
  method: string;
  path: string;
  type: string;
  body: Uint8Array | string;
}

export interface Answered {
  /** 0 when the connection broke before an answer. */
  status: number;
  text: string;
}

const ANSWER_WITHIN_MS = 10_000;

/** Sends any bytes as a request, also those that no client would send. */
export async function send(socketPath: string, { method, path, type, body }: Sent): Promise<Answered> {
  const headers = { Host: 'fuzz', 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) };
  const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
  const call = request({ socketPath, method, path, headers, signal });
  call.on('error', () => {});
  call.end(body);
  let status = 0;
  let text = '';
  try {
    const [response] = (await once(call, 'response')) as [IncomingMessage];
    status = response.statusCode ?? 0;
    for await (const chunk of response.setEncoding('utf8') as AsyncIterable<string>) text += chunk;
  } catch (error) {
    // An answer that does not end is one of a stream.
    if (!signal.aborted || status === 0) return { status: 0, text: String(error) };
  }
  return { status, text };
}

/** How the messages of an engine that stumbles read. */
const STUMBLES =
  /Cannot (?:read|destructure|convert|set)|TypeError|RangeError|SyntaxError|ReferenceError|Cannot read propert|is not a function|is not iterable|ERR_[A-Z]|undefined|\[object|SQLITE|constraint failed|at file:/;

/** What is wrong with an answer to nonsense; undefined when it is a proper refusal or success. */
export function defectOf({ status, text }: Answered): string | undefined {
  if (status === 0) return `no answer: ${text}`;
  if (status === 500) return `500: ${text.trim().slice(0, 300)}`;
  const stumble = STUMBLES.exec(text);
  return stumble === null ? undefined : `${status}, says ${JSON.stringify(stumble[0])}: ${text.trim().slice(0, 300)}`;
}
