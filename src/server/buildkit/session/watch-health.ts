import { setTimeout as delay } from 'node:timers/promises';
import { NotImplementedError } from '#lib/errors.ts';
import { callUnary } from '#lib/grpc/call-unary.ts';
import type { GrpcClient } from '#lib/grpc/client.ts';
import { CHECK_HEALTH } from './messages/health.ts';

export interface HealthTimes {
  intervalMs: number;
  timeoutMs: number;
  /** Checks that fail one after another before the peer counts as gone. */
  failures: number;
}

/** A slow peer under load is not a dead one. */
const TIMES: HealthTimes = { intervalMs: 5000, timeoutMs: 15_000, failures: 2 };

/** Asks a peer now and then whether it lives; settles when the connection is over, or ends it when there is no answer. */
export async function watchHealth(client: GrpcClient, times: HealthTimes = TIMES): Promise<void> {
  const { signal } = client;
  let failures = 0;
  while (!signal.aborted) {
    await delay(times.intervalMs, undefined, { signal, ref: false }).catch(() => {});
    if (signal.aborted) return;
    try {
      await callUnary(client, CHECK_HEALTH, { value: {}, timeoutMs: times.timeoutMs });
      failures = 0;
    } catch (error) {
      if (error instanceof NotImplementedError) return;
      failures += 1;
      if (failures >= times.failures) client[Symbol.dispose]();
    }
  }
}
