import { humanBytes } from '#api/progress.ts';

const STEPS: readonly (readonly [limit: number, seconds: number, name: string])[] = [
  [60 * 2, 60, 'minute'],
  [60 * 60, 60, 'minutes'],
  [60 * 60 * 2, 3600, 'hour'],
  [60 * 60 * 48, 3600, 'hours'],
  [86400 * 14, 86400, 'days'],
  [86400 * 60, 86400 * 7, 'weeks'],
  [86400 * 365 * 2, 86400 * 30, 'months'],
  [Infinity, 86400 * 365, 'years'],
];

/** A length of time as Docker's lists write it: `3 minutes`, `About an hour`, `Less than a second`. */
export function spanText(seconds: number): string {
  if (seconds < 1) return 'Less than a second';
  if (seconds < 2) return '1 second';
  if (seconds < 60) return `${Math.floor(seconds)} seconds`;
  const [, unit = 1, name = ''] = STEPS.find(([limit]) => seconds < limit) ?? [];
  if (name === 'minute') return 'About a minute';
  if (name === 'hour') return 'About an hour';
  return `${Math.floor(seconds / unit)} ${name}`;
}

/** How long ago a point in time was, in seconds since epoch. */
export function agoText(time: number, nowMillis: number = Date.now()): string {
  return `${spanText(nowMillis / 1000 - time)} ago`;
}

/** Bytes in decimal units with three digits, as lists write sizes. */
export function sizeText(bytes: number): string {
  return humanBytes(Number(bytes.toPrecision(3)));
}

/** Bytes in binary units, as memory is written. */
export function binaryText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${Number(value.toPrecision(4))}${units[unit]}`;
}

/** A point in time as lists write it: `2024-05-01 12:00:00 +0000 UTC`. */
export function timeText(seconds: number): string {
  const text = new Date(seconds * 1000).toISOString();
  return `${text.slice(0, 10)} ${text.slice(11, 19)} +0000 UTC`;
}

/** The first twelve digits of an id, without the name of its hash. */
export function shortId(id: string): string {
  return id.replace(/^sha256:/, '').slice(0, 12);
}
