import { once } from 'node:events';
import { InvalidArgumentError } from '#lib/errors.ts';
import type { Context } from './context.ts';
import { isRunning } from './record.ts';

export type WaitCondition = 'not-running' | 'next-exit' | 'removed';

/** @throws {InvalidArgumentError} */
export function parseWaitCondition(text: string | null): WaitCondition {
  if (text === null || text === '' || text === 'not-running') return 'not-running';
  if (text === 'next-exit' || text === 'removed') return text;
  throw new InvalidArgumentError(`invalid condition: "${text}"`);
}

/**
 * Waits for the end of a container. The listener is in place when this returns its promise, so that no end after the call is missed.
 * @returns the exit code
 * @throws {NotFoundError}; {AbortError} when `signal` aborts
 */
export async function waitContainer(
  context: Context,
  name: string,
  { condition, signal }: { condition: WaitCondition; signal?: AbortSignal },
): Promise<{ exitCode: number }> {
  const { records, signals } = context;
  const record = records.find(name);
  const { id } = record;
  if (condition === 'not-running' && !isRunning(record) && record.state.status !== 'restarting')
    return { exitCode: record.state.exitCode };
  const what = { 'not-running': 'stopped', 'next-exit': 'exit', removed: 'removed' }[condition];
  const waiting = signal === undefined ? once(signals, `${what}:${id}`) : once(signals, `${what}:${id}`, { signal });
  const [exitCode] = (await waiting) as [number];
  return { exitCode };
}
