const UNITS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

const WHOLE = /^[+-]?(?:0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/;
const PIECE = /(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g;

/** Nanoseconds of a duration as Go writes it (`1h30m`, `1.5s`, `-10ms`, `0`); undefined if it is none. */
export function parseDuration(text: string): bigint | undefined {
  if (!WHOLE.test(text)) return undefined;
  let total = 0n;
  for (const [, digits = '0', unit = 'ns'] of text.matchAll(PIECE)) total += pieceNanos(digits, UNITS[unit] ?? 1);
  return text.startsWith('-') ? -total : total;
}

function pieceNanos(digits: string, unit: number): bigint {
  const [whole = '', fraction = ''] = digits.split('.');
  return BigInt(whole === '' ? 0 : whole) * BigInt(unit) + BigInt(Math.trunc(Number(`0.${fraction || '0'}`) * unit));
}
