import { cleanLine, cutTo, displayWidth, padTo } from './text.ts';

const GAP = 3;
/** No column is cut to less. */
const NARROWEST = 8;

/** One column of a table. */
export interface Column<Row> {
  title: string;
  text: (row: Row) => string;
  /** May be cut when the terminal is too narrow. */
  shrinks?: boolean;
}

/** Lines of a table, columns aligned; cut to `width` where it is given. The last column is not filled up. */
export function tableLines<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  { width }: { width?: number | undefined } = {},
): string[] {
  const cells = [
    columns.map(({ title }) => title),
    ...rows.map((row) => columns.map(({ text }) => cleanLine(text(row)))),
  ];
  const widths = columns.map((_, index) => Math.max(...cells.map((row) => displayWidth(row[index] ?? ''))));
  if (width !== undefined) shrink(columns, widths, width);
  return cells.map((row) =>
    row
      .map((cell, index) => {
        const cut = cutTo(cell, widths[index] ?? 0);
        return index === row.length - 1 ? cut : padTo(cut, (widths[index] ?? 0) + GAP);
      })
      .join('')
      .trimEnd(),
  );
}

/** Takes from the widest columns that may shrink until the row fits, or nothing is left to take. */
function shrink<Row>(columns: readonly Column<Row>[], widths: number[], width: number): void {
  const gaps = GAP * (columns.length - 1);
  for (let sum = total(widths) + gaps; sum > width; sum = total(widths) + gaps) {
    const candidates = widths
      .map((own, index) => ({ own, index }))
      .filter(({ own, index }) => columns[index]?.shrinks === true && own > NARROWEST)
      .toSorted((a, b) => b.own - a.own);
    const [widest, second] = candidates;
    if (widest === undefined) return;
    const floor = Math.max(NARROWEST, Math.min(second?.own ?? 0, widest.own - 1));
    widths[widest.index] = Math.max(floor, widest.own - (sum - width));
  }
}

function total(widths: readonly number[]): number {
  return widths.reduce((sum, own) => sum + own, 0);
}
