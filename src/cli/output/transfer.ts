import { humanBytes } from '#api/progress.ts';
import { spanText } from './quantities.ts';
import type { Output } from './output.ts';
import { cutTo } from './text.ts';

export interface Transfer {
  /** What goes on: `Loading`. */
  label: string;
  /** Bytes that will pass, if that is known. */
  total: number | undefined;
}

const TERMINAL_INTERVAL_MS = 100;
/** Without a terminal a transfer that takes longer than this tells how far it is. */
const PLAIN_INTERVAL_MS = 5000;
/** Speed is that of the last moments. */
const WINDOW_MS = 3000;

/**
 * Shows on standard error how many bytes have passed, how fast, and how long the rest takes: one line that moves on a terminal, and is gone
 * at the end; a plain line every few seconds elsewhere.
 */
export async function* watchTransfer(
  output: Output,
  source: AsyncIterable<Uint8Array>,
  { label, total }: Transfer,
): AsyncGenerator<Uint8Array> {
  const { stderr } = output;
  const meter = createMeter();
  let toldAt = Date.now();
  const interval = stderr.isTTY ? TERMINAL_INTERVAL_MS : PLAIN_INTERVAL_MS;
  try {
    for await (const chunk of source) {
      yield chunk;
      const now = Date.now();
      meter.add(chunk.byteLength, now);
      if (now - toldAt < interval) continue;
      toldAt = now;
      const text = `${label} ${transferText({ ...meter.read(), total })}`;
      stderr.write(stderr.isTTY ? `\r\u001b[2K${cutTo(text, stderr.columns - 1)}` : `${text}\n`);
    }
  } finally {
    if (stderr.isTTY) stderr.write('\r\u001b[2K');
  }
}

/** `1.2GB of 3.4GB (35 %), 890MB/s, 3 seconds left`. @param bytesPerSecond 0 while it is not known */
export function transferText({
  current,
  total,
  bytesPerSecond,
}: {
  current: number;
  total: number | undefined;
  bytesPerSecond: number;
}): string {
  const speed = bytesPerSecond > 0 ? `, ${humanBytes(Number(bytesPerSecond.toPrecision(3)))}/s` : '';
  const done = humanBytes(Number(current.toPrecision(3)));
  if (total === undefined || total <= 0) return `${done}${speed}`;
  const percent = Math.min(100, Math.floor((current / total) * 100));
  const left = bytesPerSecond > 0 ? `, ${spanText((total - current) / bytesPerSecond).toLowerCase()} left` : '';
  return `${done} of ${humanBytes(Number(total.toPrecision(3)))} (${percent} %)${speed}${left}`;
}

function createMeter(): {
  add(bytes: number, now: number): void;
  read(): { current: number; bytesPerSecond: number };
} {
  const marks: { at: number; current: number }[] = [{ at: Date.now(), current: 0 }];
  let current = 0;
  return {
    add(bytes, now) {
      current += bytes;
      if (now - (marks.at(-1)?.at ?? 0) >= TERMINAL_INTERVAL_MS) marks.push({ at: now, current });
      while (marks.length > 2 && now - (marks[0]?.at ?? now) > WINDOW_MS) marks.shift();
    },
    read() {
      const first = marks[0] ?? { at: 0, current: 0 };
      const last = marks.at(-1) ?? first;
      const seconds = (last.at - first.at) / 1000;
      return { current, bytesPerSecond: seconds > 0 ? (last.current - first.current) / seconds : 0 };
    },
  };
}
