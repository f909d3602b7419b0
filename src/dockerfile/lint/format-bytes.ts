const UNITS = ['kB', 'MB', 'GB', 'TB'];

/** `1.5 GB`, in steps of a thousand. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 'B';
  for (const next of UNITS) {
    if (value < 1000) break;
    value /= 1000;
    unit = next;
  }
  return `${value >= 100 || unit === 'B' ? Math.round(value) : Number(value.toFixed(1))} ${unit}`;
}
