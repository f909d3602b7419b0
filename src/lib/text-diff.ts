/** A line of a comparison. */
interface Line {
  kind: ' ' | '-' | '+';
  text: string;
}

const CONTEXT_LINES = 3;
/** Beyond this many edits the rest is told as replaced. */
const MAX_EDITS = 4000;

/** What changes from one text to another, in the unified form that patches have; empty if nothing does. */
export function textDiff(before: string, after: string, name: string): string {
  if (before === after) return '';
  const lines = compareLines(linesOf(before), linesOf(after));
  const hunks = hunksOf(lines);
  const title = [`--- ${before === '' ? '/dev/null' : `a/${name}`}`, `+++ ${after === '' ? '/dev/null' : `b/${name}`}`];
  return `${[...title, ...hunks].join('\n')}\n`;
}

function linesOf(text: string): string[] {
  if (text === '') return [];
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

function kept(text: string): Line {
  return { kind: ' ', text };
}

/** E. Myers, "An O(ND) Difference Algorithm": the fewest lines that go and come. */
function compareLines(before: readonly string[], after: readonly string[]): Line[] {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1;
  let end = 0;
  while (
    end < before.length - start &&
    end < after.length - start &&
    before[before.length - 1 - end] === after[after.length - 1 - end]
  )
    end += 1;
  return [
    ...before.slice(0, start).map(kept),
    ...shortestEdit(before.slice(start, before.length - end), after.slice(start, after.length - end)),
    ...before.slice(before.length - end).map(kept),
  ];
}

function shortestEdit(before: readonly string[], after: readonly string[]): Line[] {
  const limit = Math.min(before.length + after.length, MAX_EDITS);
  let reach = new Map<number, number>([[1, 0]]);
  const trace: Map<number, number>[] = [];
  for (let edits = 0; edits <= limit; edits++) {
    trace.push(reach);
    const next = new Map(reach);
    for (let diagonal = -edits; diagonal <= edits; diagonal += 2) {
      const at = advance({ before, after }, reach, { diagonal, edits });
      next.set(diagonal, at);
      if (at >= before.length && at - diagonal >= after.length) return walkBack(trace, before, after);
    }
    reach = next;
  }
  return [...before.map((text): Line => ({ kind: '-', text })), ...after.map((text): Line => ({ kind: '+', text }))];
}

/** How far a diagonal reaches with one edit more. */
function advance(
  { before, after }: { before: readonly string[]; after: readonly string[] },
  reach: ReadonlyMap<number, number>,
  { diagonal, edits }: { diagonal: number; edits: number },
): number {
  let at = fromAbove(reach, { diagonal, edits }) ? (reach.get(diagonal + 1) ?? 0) : (reach.get(diagonal - 1) ?? 0) + 1;
  while (at < before.length && at - diagonal < after.length && before[at] === after[at - diagonal]) at += 1;
  return at;
}

function fromAbove(
  reach: ReadonlyMap<number, number>,
  { diagonal, edits }: { diagonal: number; edits: number },
): boolean {
  if (diagonal === -edits) return true;
  return diagonal !== edits && (reach.get(diagonal - 1) ?? 0) < (reach.get(diagonal + 1) ?? 0);
}

function walkBack(
  trace: readonly ReadonlyMap<number, number>[],
  before: readonly string[],
  after: readonly string[],
): Line[] {
  const lines: Line[] = [];
  let [x, y] = [before.length, after.length];
  for (let edits = trace.length - 1; edits >= 0; edits--) {
    const reach = trace[edits] ?? new Map<number, number>();
    const diagonal = x - y;
    const former = fromAbove(reach, { diagonal, edits }) ? diagonal + 1 : diagonal - 1;
    const formerX = reach.get(former) ?? 0;
    const formerY = formerX - former;
    while (x > formerX && y > formerY && x > 0 && y > 0) {
      lines.push({ kind: ' ', text: before[x - 1] ?? '' });
      x -= 1;
      y -= 1;
    }
    if (edits === 0) break;
    if (x === formerX) lines.push({ kind: '+', text: after[formerY] ?? '' });
    else lines.push({ kind: '-', text: before[formerX] ?? '' });
    [x, y] = [formerX, formerY];
  }
  return lines.toReversed();
}

function hunksOf(lines: readonly Line[]): string[] {
  const isNear = lines.map((_, index) =>
    lines.slice(Math.max(0, index - CONTEXT_LINES), index + CONTEXT_LINES + 1).some(({ kind }) => kind !== ' '),
  );
  const texts: string[] = [];
  const place = { before: 1, after: 1 };
  for (let index = 0; index < lines.length;) {
    let end = index;
    while (end < lines.length && isNear[end] === isNear[index]) end += 1;
    const part = lines.slice(index, end);
    const counts = {
      before: part.filter(({ kind }) => kind !== '+').length,
      after: part.filter(({ kind }) => kind !== '-').length,
    };
    if (isNear[index] === true) {
      texts.push(`@@ -${range(place.before, counts.before)} +${range(place.after, counts.after)} @@`);
      texts.push(...part.map(({ kind, text }) => `${kind}${text}`));
    }
    place.before += counts.before;
    place.after += counts.after;
    index = end;
  }
  return texts;
}

function range(start: number, count: number): string {
  return count === 1 ? `${start}` : `${count === 0 ? start - 1 : start},${count}`;
}
