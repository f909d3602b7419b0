/** One record of a container's log: a line, or a piece of one. */
export interface LogEntry {
  /** RFC 3339 with nanoseconds, as the supervisor wrote it (`…+00:00`). */
  time: string;
  stream: 'stdout' | 'stderr';
  /** The line goes on in the next record of its stream. */
  partial: boolean;
  /** Without the newline that ends a whole line. */
  text: Uint8Array;
}

const SPACE = 32;
const NEWLINE = 10;
const PARTIAL = 80; // P

/** Reads records of the form `TIME STREAM F|P TEXT` out of pieces of a file, as they come. */
export function createLogParser(): { push(bytes: Buffer): LogEntry[] } {
  let rest: Buffer = Buffer.alloc(0);
  return {
    push(bytes) {
      const all = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
      const entries: LogEntry[] = [];
      let start = 0;
      for (let end = all.indexOf(NEWLINE, start); end >= 0; end = all.indexOf(NEWLINE, start)) {
        const entry = parseLine(all.subarray(start, end));
        if (entry !== undefined) entries.push(entry);
        start = end + 1;
      }
      rest = all.subarray(start);
      return entries;
    },
  };
}

/** A line that is no record (a torn write after a power cut) is left out. */
function parseLine(line: Buffer): LogEntry | undefined {
  const time = line.indexOf(SPACE);
  const stream = line.indexOf(SPACE, time + 1);
  const name = line.toString('latin1', time + 1, stream);
  if (time < 0 || (name !== 'stdout' && name !== 'stderr') || line[stream + 2] !== SPACE) return undefined;
  return {
    time: line.toString('latin1', 0, time),
    stream: name,
    partial: line[stream + 1] === PARTIAL,
    text: line.subarray(stream + 3),
  };
}

/** `2026-01-02T03:04:05.123456789+00:00` as the Engine API writes it: nine digits and a Z. */
export function toUtc(time: string): string {
  return time.replace(/(?:\+00:00|Z)$/, 'Z');
}

/** Nanoseconds since epoch. */
export function timeNano(time: string): bigint {
  const [, seconds = '', fraction = ''] = /^([^.]*)(?:\.(\d+))?/.exec(time) ?? [];
  const [date = ''] = seconds.split('+');
  return BigInt(Date.parse(`${date.replace(/Z$/, '')}Z`)) * 1_000_000n + BigInt(fraction.padEnd(9, '0').slice(0, 9));
}
