import { parseDuration } from './durations.ts';

const NANOS = 1_000_000_000n;

/** Nanoseconds since epoch of now, as fine as the clock tells. */
export function nowNano(): bigint {
  return BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)) * 1000n;
}

/**
 * A point in time as clients of the Engine API give it: Unix seconds with optional fraction, RFC 3339 with or without time and zone
 * (UTC then), or a Go duration back from `now`. Undefined if it is none of these.
 * @returns nanoseconds since epoch
 */
export function parseTimestamp(text: string, now: bigint = nowNano()): bigint | undefined {
  const unix = /^(-?\d+)(?:\.(\d{1,9}))?$/.exec(text);
  if (unix !== null) return BigInt(unix[1] ?? 0) * NANOS + BigInt((unix[2] ?? '').padEnd(9, '0'));
  const duration = parseDuration(text);
  return duration === undefined ? parseRfc3339(text) : now - duration;
}

function parseRfc3339(text: string): bigint | undefined {
  const parts = /^(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?)?(Z|[+-]\d{2}:\d{2})?$/.exec(text);
  if (parts === null) return undefined;
  const [, day = '', minutes = '00:00', seconds = '00', fraction = '', zone = 'Z'] = parts;
  const millis = Date.parse(`${day}T${minutes}:${seconds}${zone}`);
  return Number.isNaN(millis) ? undefined : BigInt(millis) * 1_000_000n + BigInt(fraction.padEnd(9, '0'));
}

/** RFC 3339 in UTC with exactly nine fractional digits, as log lines carry it. */
export function formatFixedNano(nanos: bigint): string {
  const seconds = floorSeconds(nanos);
  const fraction = (nanos - seconds * NANOS).toString().padStart(9, '0');
  return `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19)}.${fraction}Z`;
}

/** RFC 3339 in UTC with as many fractional digits as needed, as Go prints times in JSON. */
export function formatNano(nanos: bigint): string {
  return formatFixedNano(nanos).replace(/\.?0+Z$/, 'Z');
}

/** The same from milliseconds since epoch. */
export function formatMillis(millis: number): string {
  return formatNano(BigInt(Math.trunc(millis)) * 1_000_000n);
}

/** How the Engine API writes a time that never was. */
export const ZERO_TIME = '0001-01-01T00:00:00Z';

function floorSeconds(nanos: bigint): bigint {
  const seconds = nanos / NANOS;
  return nanos < 0n && seconds * NANOS !== nanos ? seconds - 1n : seconds;
}
