/** One record of a container's log: a line, or a piece of one. Its bytes are views of what was read. */
export interface LogEntry {
  /** RFC 3339 with nanoseconds, as the supervisor wrote it (`…+00:00`). */
  time: Buffer;
  stream: 'stdout' | 'stderr';
  /** The line goes on in the next record of its stream. */
  partial: boolean;
  /** Without the newline that ends a whole line. */
  text: Buffer;
}

const SPACE = 32;
const NEWLINE = 10;
const PARTIAL = 80; // P
/** Bytes of `stdout` and `stderr`, and where they differ. */
const STREAM_LENGTH = 6;
const TELLING_BYTE = 3;
const O = 111;
const E = 101;

/** Reads records of the form `TIME STREAM F|P TEXT` out of pieces of a file, as they come. */
export function createLogParser(): { push(bytes: Buffer): LogEntry[] } {
  let rest: Buffer = Buffer.alloc(0);
  return {
    push(bytes) {
      const all = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
      const entries: LogEntry[] = [];
      let start = 0;
      for (let end = all.indexOf(NEWLINE, start); end >= 0; end = all.indexOf(NEWLINE, start)) {
        const entry = parseRecord(all, start, end);
        if (entry !== undefined) entries.push(entry);
        start = end + 1;
      }
      rest = all.subarray(start);
      return entries;
    },
  };
}

/** What is no record (a torn write after a power cut) is left out. */
function parseRecord(all: Buffer, start: number, end: number): LogEntry | undefined {
  const time = all.indexOf(SPACE, start);
  const flag = time + 1 + STREAM_LENGTH + 1;
  const letter = all[time + 1 + TELLING_BYTE];
  if (time < 0 || flag + 1 >= end + 1 || all[flag - 1] !== SPACE || all[flag + 1] !== SPACE) return undefined;
  if (letter !== O && letter !== E) return undefined;
  return {
    time: all.subarray(start, time),
    stream: letter === O ? 'stdout' : 'stderr',
    partial: all[flag] === PARTIAL,
    text: all.subarray(flag + 2, end),
  };
}

/** `2026-01-02T03:04:05.123456789+00:00` as the Engine API writes it: nine digits and a Z. */
export function toUtc(time: Buffer): string {
  return time.toString('latin1').replace(/(?:\+00:00|Z)$/, 'Z');
}

/** Nanoseconds since epoch. */
export function timeNano(time: Buffer): bigint {
  const [, seconds = '', fraction = ''] = /^([^.]*)(?:\.(\d+))?/.exec(time.toString('latin1')) ?? [];
  const [date = ''] = seconds.split('+');
  return BigInt(Date.parse(`${date.replace(/Z$/, '')}Z`)) * 1_000_000n + BigInt(fraction.padEnd(9, '0').slice(0, 9));
}
