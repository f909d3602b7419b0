import { BerthError } from '#lib/errors.ts';
import { fullDisk } from '#lib/full-disk.ts';

/** One line of the JSON stream that pull, push, load, build and import answer with. */
export interface ProgressMessage {
  /** Text to print as it is (build, load). */
  stream?: string;
  /** What is going on with `id`, or in general without one. */
  status?: string;
  id?: string;
  progressDetail?: { current?: number; total?: number };
  /** The same as text, for clients that only print. */
  progress?: string;
  /** A result for programs. */
  aux?: unknown;
  error?: string;
  errorDetail?: { code?: number; message: string; why?: string; hint?: string };
}

/** The line that ends a stream that failed; the HTTP status was sent long before. */
export function errorMessage(thrown: unknown): ProgressMessage {
  const error = fullDisk(thrown) ?? thrown;
  const message = error instanceof Error ? error.message : String(error);
  const { why, hint } = error instanceof BerthError ? error : {};
  return {
    errorDetail: { message, ...(why !== undefined && { why }), ...(hint !== undefined && { hint }) },
    error: message,
  };
}

/** A bar with bytes (`[=====>     ]  1.2MB/3.4MB`), as clients print it behind the status. */
export function progressText(current: number, total: number): string {
  if (total <= 0) return current > 0 ? humanBytes(current) : '';
  const done = Math.min(50, Math.floor((current / total) * 50));
  const bar = done >= 50 ? '='.repeat(50) + '>' : '='.repeat(done) + '>' + ' '.repeat(50 - done);
  return `[${bar}]  ${humanBytes(current)}/${humanBytes(total)}`;
}

/** Bytes with a decimal unit and up to four digits, as Docker's clients write sizes. */
export function humanBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${Number(value.toPrecision(4))}${units[unit]}`;
}
