import type { BuildLine } from '#api/build-order.ts';
import { humanBytes } from '#api/progress.ts';
import type { Output } from '../output/output.ts';
import { clean, cleanLine, cleanOutput, cutTo, displayWidth } from '../output/text.ts';
import { createBoard, type Board, type Row } from './build-board.ts';

export type ProgressForm = 'tty' | 'plain' | 'rawjson' | 'quiet';

/** Shows a build on standard error. */
export interface BuildView extends Disposable {
  readonly board: Board;
  add(line: BuildLine): void;
  /** The whole of it is known; what moves stands still. */
  end(): void;
}

const FRAME_MS = 100;
const LIVE_LINES = 6;

export function openBuildView(output: Output, form: ProgressForm): BuildView {
  const board = createBoard();
  if (form === 'tty') return openTerminalView(output, board);
  const show = form === 'plain' ? plainLines(output, board) : form === 'rawjson' ? rawLines(output) : () => {};
  return {
    board,
    add(line) {
      const told = board.add(line);
      show(line, told);
    },
    end: () => {},
    [Symbol.dispose]: () => {},
  };
}

type Show = (line: BuildLine, told: ReturnType<ReturnType<typeof createBoard>['add']>) => void;

function rawLines({ stderr }: Output): Show {
  return (line) => void stderr.write(`${JSON.stringify(line)}\n`);
}

/** Every vertex has a number; its lines begin with it. */
function plainLines({ stderr }: Output, _board: Board): Show {
  return (line, { row, output }) => {
    if (row === undefined) return;
    const say = (text: string): void => void stderr.write(`#${row.number} ${cleanOutput(text, { colours: false })}\n`);
    if (line.kind === 'started') say(row.name);
    for (const text of output) say(`${seconds(Date.now() - row.started)} ${text}`);
    if (line.kind === 'status' && line.completed !== undefined)
      say([cleanLine(line.id), amount(line), 'done'].filter(Boolean).join(' '));
    if (line.kind === 'completed') say(ending(row));
  };
}

function ending(row: Row): string {
  if (row.isCanceled) return 'CANCELED';
  if (row.error !== undefined) return `ERROR: ${row.error}`;
  if (row.isCached) return 'CACHED';
  return `DONE ${seconds((row.completed ?? row.started) - row.started)}s`;
}

function seconds(ms: number): string {
  return (Math.max(0, ms) / 1000).toFixed(1);
}

function amount({ current, total }: { current: number; total: number }): string {
  if (current === 0 && total === 0) return '';
  return total > 0 ? `${humanBytes(current)} / ${humanBytes(total)}` : humanBytes(current);
}

/** A block at the bottom of the terminal that is drawn anew while something changes. */
function openTerminalView(output: Output, board: ReturnType<typeof createBoard>): BuildView {
  const { stderr } = output;
  const style = output.style('stderr');
  const begun = Date.now();
  let drawn = 0;
  let isDirty = true;
  const draw = (isEnd: boolean): void => {
    const columns = Math.max(40, stderr.columns || 80);
    const limit = isEnd ? Number.POSITIVE_INFINITY : Math.max(4, (stderr.rows || 24) - 2);
    const rows = [...board.rows.values()];
    const done = rows.filter(({ completed }) => completed !== undefined).length;
    const head = `[+] Building ${seconds(Date.now() - begun)}s (${done}/${rows.length})`;
    const shown = rows.map((row) => ({
      lines: rowLines(row, { columns, style, isEnd }),
      isDone: row.completed !== undefined,
    }));
    const lines = [style('bold', head), ...fitLines(shown, limit - 1)];
    // Line by line: clearing all of it first flickers.
    const up = drawn > 0 ? `\u001b[${drawn}A\r` : '';
    stderr.write(`${up}${lines.map((line) => `${line}\u001b[K\n`).join('')}\u001b[J`);
    drawn = lines.length;
  };
  const timer = setInterval(() => {
    const isMoving = board.rows.values().some(({ completed }) => completed === undefined);
    if (isDirty || isMoving) draw(false);
    isDirty = false;
  }, FRAME_MS);
  timer.unref();
  let isOver = false;
  const end = (): void => {
    if (isOver) return;
    isOver = true;
    clearInterval(timer);
    draw(true);
  };
  return {
    board,
    add(line) {
      board.add(line);
      isDirty = true;
    },
    end,
    [Symbol.dispose]: end,
  };
}

/** What is done makes room first, the oldest before the others. */
export function fitLines(rows: readonly { lines: readonly string[]; isDone: boolean }[], limit: number): string[] {
  let surplus = rows.reduce((sum, { lines }) => sum + lines.length, 0) - limit;
  const kept = rows.filter(({ lines, isDone }) => {
    if (surplus <= 0 || !isDone) return true;
    surplus -= lines.length;
    return false;
  });
  const body = kept.flatMap(({ lines }) => lines);
  return body.slice(Math.max(0, body.length - limit));
}

interface RowStyle {
  columns: number;
  style: ReturnType<Output['style']>;
  isEnd: boolean;
}

function rowLines(row: Row, { columns, style, isEnd }: RowStyle): string[] {
  const isRunning = row.completed === undefined;
  const time = `${seconds((row.completed ?? Date.now()) - row.started)}s`;
  const mark = row.isCached ? 'CACHED ' : row.isCanceled ? 'CANCELED ' : row.error === undefined ? '' : 'ERROR ';
  const text = ` => ${mark}${cleanLine(row.name)}`;
  const line = spread(text, time, columns);
  const colour = row.error === undefined ? (isRunning ? undefined : 'cyan') : 'red';
  const first = colour === undefined ? line : style(colour, line);
  const notes = (row.isCached ? [] : row.notes).map((note) =>
    style('dim', cutTo(` => => ${cleanLine(note)}`, columns - 1)),
  );
  if (!isRunning || isEnd) return [first, ...notes];
  const tasks = [...row.tasks.values()].filter(({ isDone }) => !isDone).slice(-LIVE_LINES);
  const shown = tasks.map((task) => spread(` => => ${cleanLine(task.id)}`, amount(task), columns));
  const tail = row.tail
    .slice(-LIVE_LINES)
    .map((tailLine) => style('dim', cutTo(` => => # ${clean(tailLine)}`, columns - 1)));
  return [first, ...notes, ...shown, ...tail];
}

function spread(left: string, right: string, columns: number): string {
  const room = columns - 1 - displayWidth(right) - 1;
  const cut = cutTo(left, room);
  return `${cut}${' '.repeat(Math.max(1, room - displayWidth(cut) + 1))}${right}`;
}
