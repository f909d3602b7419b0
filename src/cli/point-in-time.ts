import { parseTimestamp } from '#api/timestamps.ts';
import { UsageError } from './parse-options.ts';

const NANOS = 1_000_000_000n;

/**
 * A point in time as every engine takes it, seconds since epoch with nine digits: from such a number, RFC 3339, or a duration back from now
 * (`10m`), which older engines do not know. @throws {UsageError}
 */
export function pointInTime(option: string, text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const nanos = parseTimestamp(text);
  if (nanos === undefined)
    throw new UsageError(`--${option} needs a time, not ${JSON.stringify(text)}`, {
      hint: 'write it as 10m, 2024-05-01T12:00:00 or 1714564800',
    });
  return `${nanos / NANOS}.${String(nanos % NANOS).padStart(9, '0')}`;
}
