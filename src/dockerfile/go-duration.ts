const UNITS: Readonly<Record<string, number>> = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 };

/** Nanoseconds of `1h30m`, `1.5s`, `-10ms`, `0`; undefined if the text is no duration. */
export function parseGoDuration(text: string): number | undefined {
  const [, sign, rest = ''] = /^([+-]?)(.+)$/.exec(text) ?? [];
  if (rest === '0') return 0;
  if (!/^(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|ms|s|m|h))+$/.test(rest)) return undefined;
  let total = 0;
  for (const [, digits = '', unit = ''] of rest.matchAll(/([\d.]+)([a-zµ]+)/g))
    total += Number(digits) * (UNITS[unit] ?? 0);
  return Math.round(sign === '-' ? -total : total);
}
