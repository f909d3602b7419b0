import type { Edit } from './rule.ts';

/** A text with the edits of its file applied, and how many were: those whose line is no longer what it was are left out. */
export function applyEdits(text: string, edits: readonly Edit[]): { text: string; applied: number } {
  const ending = text.includes('\r\n') ? '\r\n' : '\n';
  const lines: (string | null)[] = text.split(/\r?\n/);
  let applied = 0;
  for (const { line, was, text: next } of edits) {
    if (lines[line - 1] !== was) continue;
    lines[line - 1] = next;
    applied += 1;
  }
  return { text: lines.filter((line) => line !== null).join(ending), applied };
}
