import type { BerthError } from '#lib/errors.ts';
import { clean, cleanStyled } from './text.ts';
import { type Column, tableLines } from './table.ts';

/** Where a command writes: results to standard output, all else to standard error. */
export interface Output {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** A line of the result. Text of others is cleaned of what could steer a terminal. */
  line(text?: string): void;
  /** Something the person should know, on standard error. */
  note(text: string): void;
  warn(text: string): void;
  /** What failed, why, and what to do: up to three lines on standard error. */
  problem(error: unknown): void;
  /** A table of the result, cut to the terminal where there is one. */
  table<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): void;
  /** Bytes as they are, waiting for a reader that is slow. */
  bytes(bytes: Uint8Array, stream?: 'stdout' | 'stderr'): Promise<void>;
  style(stream: 'stdout' | 'stderr'): Style;
}

export type Style = (kind: keyof typeof CODES, text: string) => string;

const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;

/** The program's own output. */
export function openOutput(): Output {
  const { stdout, stderr } = process;
  for (const stream of [stdout, stderr]) stream.on('error', endAtBrokenPipe);
  const style = (name: 'stdout' | 'stderr'): Style => {
    const coloured = hasColours(name === 'stdout' ? stdout : stderr);
    return (kind, text) => (coloured ? `\u001b[${CODES[kind]}m${clean(text)}\u001b[0m` : text);
  };
  return {
    stdout,
    stderr,
    style,
    line: (text = '') => void stdout.write(`${cleanStyled(text)}\n`),
    note: (text) => void stderr.write(`${cleanStyled(text)}\n`),
    warn: (text) => void stderr.write(`${style('stderr')('yellow', 'warning:')} ${clean(text)}\n`),
    problem: (error) => void stderr.write(problemText(error, style('stderr'))),
    table(columns, rows) {
      const width = stdout.isTTY ? stdout.columns : undefined;
      stdout.write(`${tableLines(columns, rows, { width }).join('\n')}\n`);
    },
    async bytes(bytes, stream = 'stdout') {
      const target = stream === 'stdout' ? stdout : stderr;
      if (target.write(bytes)) return;
      await new Promise((resolve) => target.once('drain', resolve));
    },
  };
}

/** Colours are for terminals, and not where the person does without them (NO_COLOR) or the terminal cannot. */
function hasColours(stream: NodeJS.WriteStream): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  if (NO_COLOR !== undefined && NO_COLOR !== '') return false;
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== '0') return true;
  return stream.isTTY && TERM !== 'dumb';
}

/** Three lines at most: what failed, why, what to do. */
export function problemText(error: unknown, style: Style): string {
  const { message, why, hint } = error as Partial<BerthError>;
  const lines = [`${style('red', 'berth:')} ${clean(message ?? String(error))}`];
  if (why !== undefined && why !== '') lines.push(`  ${style('dim', 'why:')} ${clean(why)}`);
  if (hint !== undefined && hint !== '') lines.push(`  ${style('dim', 'fix:')} ${clean(hint)}`);
  return `${lines.join('\n')}\n`;
}

/** `berth ps | head -1` is no failure. */
function endAtBrokenPipe(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
}
