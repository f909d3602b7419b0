import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Address {
  host: string;
  port: number;
}

/** One answer over HTTP. */
export interface HttpAnswer {
  status: number;
  type: string;
  text: string;
}

/** Between two questions: short at first, for most programs are quick, or slow by seconds. */
const PAUSES_MS = { first: 10, later: 100 };
const FIRST_MS = 3000;
const ANSWER_LIMIT_BYTES = 1024 * 1024;

export interface AskOptions {
  method?: string;
  /** JSON text. */
  body?: string | undefined;
  timeoutMs?: number;
  signal?: AbortSignal | undefined;
  /** Do not wait for the body, which may never end. */
  onlyStatus?: boolean;
}

/** Asks once. @throws {Error} of Node when nothing answers */
export async function ask({ host, port }: Address, path: string, options: AskOptions = {}): Promise<HttpAnswer> {
  const { method = 'GET', body, timeoutMs = 5000, signal, onlyStatus = false } = options;
  const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>();
  const headers =
    body === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) };
  const limit = AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal === undefined ? [] : [signal])]);
  const outgoing = request({ host, port, path, method, headers, agent: false, signal: limit }, (response) => {
    const answer = { status: response.statusCode ?? 0, type: response.headers['content-type'] ?? '' };
    let text = '';
    response.on('error', reject);
    if (onlyStatus) {
      resolve({ ...answer, text });
      response.destroy();
      return;
    }
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => {
      if (text.length < ANSWER_LIMIT_BYTES) text += chunk;
    });
    response.on('end', () => resolve({ ...answer, text }));
  });
  outgoing.on('error', reject);
  outgoing.end(body);
  return promise;
}

export interface WaitOptions {
  timeoutMs: number;
  signal?: AbortSignal | undefined;
  /** Called once, when anything was answered: from then on somebody listens. */
  onListening?: (() => void) | undefined;
}

/**
 * Asks again and again until something answers over HTTP that does not say it is still getting ready (502, 503, 504).
 * @returns undefined if the time is up or `signal` aborts first
 */
export async function waitUntilAnswers(
  address: Address,
  path: string,
  { timeoutMs, signal, onListening }: WaitOptions,
): Promise<HttpAnswer | undefined> {
  const start = performance.now();
  const end = start + timeoutMs;
  let listens = false;
  while (performance.now() < end) {
    if (signal?.aborted === true) return undefined;
    const answer = await ask(address, path, {
      signal,
      onlyStatus: true,
      timeoutMs: Math.max(100, Math.min(15_000, Math.ceil(end - performance.now()))),
    }).catch(() => undefined);
    if (answer !== undefined && !listens) {
      listens = true;
      onListening?.();
    }
    if (answer !== undefined && ![502, 503, 504].includes(answer.status)) return answer;
    const pause = performance.now() - start < FIRST_MS ? PAUSES_MS.first : PAUSES_MS.later;
    await sleep(pause, undefined, { signal }).catch(() => {});
  }
  return undefined;
}
