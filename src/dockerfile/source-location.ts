/** A place as BuildKit's clients read it in JSON; lines count from 1. */
export interface SourceLocation {
  ranges: { start: SourcePosition; end: SourcePosition }[];
}

interface SourcePosition {
  line: number;
}

/** The lines of an instruction. */
export function sourceLocation({ line, endLine }: { line: number; endLine: number }): SourceLocation {
  return { ranges: [{ start: { line }, end: { line: endLine } }] };
}

/** A Dockerfile's text as JSON carries it. */
export function sourceBytes(lines: readonly string[]): string {
  return btoa(binary(`${lines.join('\n')}\n`));
}

function binary(text: string): string {
  let result = '';
  for (const byte of new TextEncoder().encode(text)) result += String.fromCharCode(byte);
  return result;
}
