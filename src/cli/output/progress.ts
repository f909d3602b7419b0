import { type ProgressMessage, progressText } from '#api/progress.ts';
import type { Output } from './output.ts';
import { clean, cleanLine, cleanOutput, cutTo } from './text.ts';

export interface ShowProgress {
  /** Nothing but errors. */
  quiet?: boolean;
  /** Where it is shown. */
  stream?: 'stdout' | 'stderr';
  /** Sees each message, for what it says besides. */
  onMessage?: (message: ProgressMessage) => void;
}

/**
 * Shows what a pull, push, load, build or import reports: lines that move on a terminal, plain ones elsewhere.
 * @throws what the messages end with
 */
export async function showProgress(
  output: Output,
  messages: AsyncIterable<ProgressMessage>,
  { quiet = false, stream = 'stdout', onMessage }: ShowProgress = {},
): Promise<void> {
  const target = output[stream];
  const show = quiet ? () => {} : target.isTTY ? movingLines(target) : plainLines(target);
  for await (const message of messages) {
    onMessage?.(message);
    show(message);
  }
}

/** Each change of an id's status once; no bars. */
function plainLines(target: NodeJS.WriteStream): (message: ProgressMessage) => void {
  const last = new Map<string, string>();
  return ({ stream, status, id }) => {
    if (stream !== undefined) target.write(cleanOutput(stream, { colours: false }));
    if (status === undefined) return;
    if (id !== undefined && last.get(id) === status) return;
    if (id !== undefined) last.set(id, status);
    target.write(`${id === undefined ? '' : `${cleanLine(id)}: `}${clean(status)}\n`);
  };
}

/** A line for each id, rewritten in place; everything else is appended. */
function movingLines(target: NodeJS.WriteStream): (message: ProgressMessage) => void {
  const rows = new Map<string, number>();
  return (message) => {
    const { stream, status, id } = message;
    if (stream !== undefined) {
      rows.clear();
      target.write(cleanOutput(stream, { colours: true }));
    }
    if (status === undefined) return;
    if (id === undefined || isHeading(message)) {
      rows.clear();
      target.write(`${id === undefined ? '' : `${cleanLine(id)}: `}${clean(status)}\n`);
      return;
    }
    const text = cutTo(rowText(message), target.columns - 1);
    const row = rows.get(id);
    if (row === undefined) {
      rows.set(id, rows.size);
      target.write(`${text}\n`);
      return;
    }
    const up = rows.size - row;
    // Rows that scrolled out at the top cannot be reached any more.
    if (up < target.rows) target.write(`\u001b[${up}A\r\u001b[2K${text}\u001b[${up}B\r`);
  };
}

/** `Pulling from library/x` carries the tag as its id, and no progress. */
function isHeading({ status = '', progressDetail }: ProgressMessage): boolean {
  return progressDetail === undefined && status.startsWith('Pulling from ');
}

function rowText({ id = '', status = '', progressDetail, progress }: ProgressMessage): string {
  const { current, total } = progressDetail ?? {};
  const bar = current !== undefined && total !== undefined ? progressText(current, total) : (progress ?? '');
  return cleanLine(`${id}: ${status} ${bar}`).trimEnd();
}
