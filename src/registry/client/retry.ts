import { setTimeout as sleep } from 'node:timers/promises';
import { CancelledError, UnavailableError } from '#lib/errors.ts';
import { isConnectionLoss } from './connection-error.ts';
import type { WireResponse } from './wire.ts';

export interface RetryOptions {
  attempts: number;
  /** Pause before the second try; doubles. */
  pauseMs: number;
  signal?: AbortSignal | undefined;
}

export const DEFAULT_RETRY = { attempts: 5, pauseMs: 400 } as const;

/** Longest pause that a registry may ask for. */
const RETRY_AFTER_LIMIT_MS = 60_000;

/** Sends again after a lost connection, 429 and 5xx; answers with the last answer. For requests that may be repeated. */
export async function retryResponse(send: () => Promise<WireResponse>, options: RetryOptions): Promise<WireResponse> {
  for (let attempt = 1; ; attempt++) {
    const isLast = attempt >= options.attempts;
    let pauseMs = backoff(attempt, options.pauseMs);
    try {
      const response = await send();
      if (isLast || !isTemporary(response.status)) return response;
      pauseMs = retryAfterMs(response) ?? pauseMs;
      if (pauseMs > RETRY_AFTER_LIMIT_MS) return response;
      response.body.destroy();
    } catch (error) {
      if (isLast || !isConnectionLoss(error)) throw error;
    }
    await pause(pauseMs, options.signal);
  }
}

/** Does it again after a lost connection and a server's fault. `work` begins anew each time. */
export async function retryWork<T>(work: (attempt: number) => Promise<T>, options: RetryOptions): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work(attempt);
    } catch (error) {
      const isTemporaryError =
        isConnectionLoss(error) || (error instanceof UnavailableError && error.cause === undefined);
      if (attempt >= options.attempts || !isTemporaryError) throw error;
    }
    await pause(backoff(attempt, options.pauseMs), options.signal);
  }
}

/** Waits, or fails when cancelled. */
export async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  await sleep(milliseconds, undefined, signal === undefined ? {} : { signal }).catch((error: unknown) => {
    throw new CancelledError('cancelled', { cause: error });
  });
}

export function backoff(attempt: number, pauseMs: number): number {
  return pauseMs * 2 ** (attempt - 1) * (0.75 + Math.random() / 2);
}

function isTemporary(status: number): boolean {
  return status === 429 || status === 408 || (status >= 500 && status !== 501);
}

/** RFC 9110, 10.2.3: seconds or a date. */
function retryAfterMs({ headers }: WireResponse): number | undefined {
  const value = headers['retry-after'];
  if (value === undefined) return undefined;
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}
