import type { Output, Style } from '../output/output.ts';
import { cleanOutput } from '../output/text.ts';
import type { Board, Row } from './build-board.ts';
import type { BuildSource } from './build-source.ts';
import { BuildFailure } from './run-order.ts';
import type { ProgressForm } from './show-build.ts';

const AROUND = 2;
const SHOWN_LINES = 12;
const PLACED = /^(?:(.*)\n)?(\S+:\d+:\d+\n.*)$/s;

/**
 * Shows what the instruction that failed has written, unless it was shown as it came, and where it stands.
 * @returns the error without what was shown here
 */
export function tellFailure(
  output: Output,
  error: BuildFailure,
  { board, form, source }: { board: Board; form: ProgressForm; source: BuildSource },
): BuildFailure {
  const row = board.rows.values().find(({ error: wrong, isCanceled }) => wrong !== undefined && !isCanceled);
  if (row?.lines === undefined) return error;
  const style = output.style('stderr');
  const { name, text } = source.dockerfile;
  if (form !== 'plain' && form !== 'rawjson') for (const line of outputOf(row, style)) output.note(line);
  const place = `${name}:${row.lines.start}`;
  if (form === 'rawjson') return error;
  // An error of the language shows the place itself, with the very word.
  const placed = error.exitCode === undefined ? PLACED.exec(error.why ?? '') : null;
  if (placed !== null) {
    const [, reason = '', excerpt = ''] = placed;
    for (const line of ['', ...excerpt.split('\n'), '']) output.note(line);
    return new BuildFailure(error.message, {
      cause: error,
      ...(reason !== '' && { why: reason }),
      ...(error.hint !== undefined && { hint: error.hint }),
    });
  }
  if (text !== undefined && !error.message.includes('\n'))
    for (const line of excerptOf(text, { place, lines: row.lines, style })) output.note(line);
  return error.exitCode === undefined ? error : endedStep(error, { row, place });
}

function endedStep(error: BuildFailure, { row, place }: { row: Row; place: string }): BuildFailure {
  // What the process wrote stands above.
  const written = new Set(row.tail.map((line) => cleanOutput(line, { colours: false }).trimEnd()));
  const causes = (error.why ?? '').split('\n').filter((line) => line !== '' && !written.has(line.trimEnd()));
  const told = new BuildFailure(`the command at ${place} ended with exit code ${error.exitCode}`, {
    ...(causes.length > 0 && { why: causes.join('\n') }),
    ...(error.hint !== undefined && { hint: error.hint }),
    cause: error,
  });
  told.exitCode = error.exitCode;
  return told;
}

function outputOf(row: Row, style: Style): string[] {
  const lines = row.tail.slice(-SHOWN_LINES).map((line) => cleanOutput(line, { colours: false }));
  if (lines.length === 0) return [];
  const skipped = row.tail.length > SHOWN_LINES ? [style('dim', '…')] : [];
  return ['', ...skipped, ...lines];
}

/** The lines of the instruction, with some around them. */
function excerptOf(
  text: string,
  { place, lines: { start, end }, style }: { place: string; lines: { start: number; end: number }; style: Style },
): string[] {
  const first = Math.max(1, start - AROUND);
  const all = text.split(/\r?\n/);
  let last = Math.min(all.length, end + AROUND);
  while (last > end && all[last - 1]?.trim() === '') last -= 1;
  const width = `${last}`.length;
  const shown = all.slice(first - 1, last).map((line, index) => {
    const number = first + index;
    const isMeant = number >= start && number <= end;
    const head = `${isMeant ? '>' : ' '} ${`${number}`.padStart(width)} |`;
    return isMeant ? `${style('red', head)} ${line}` : style('dim', `${head} ${line}`);
  });
  return ['', style('bold', place), ...shown, ''];
}
