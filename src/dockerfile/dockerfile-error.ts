import { InvalidArgumentError } from '#lib/errors.ts';

/** A place in a Dockerfile; lines and columns count from 1. */
export interface Location {
  line: number;
  /** Last line of the instruction. */
  endLine: number;
  column: number;
  /** Characters that the caret line marks. */
  width: number;
}

export interface SourceText {
  /** Name of the file, as the person wrote it. */
  file: string;
  lines: readonly string[];
}

const LINES_AROUND = 2;
const WIDTH_LIMIT = 160;

/** Something wrong in one instruction, found where its place is not known. */
export class InstructionError extends InvalidArgumentError {
  /** The part of its text that is meant. */
  readonly piece: string;

  constructor(message: string, { piece, hint }: { piece: string; hint?: string }) {
    super(message, { ...(hint !== undefined && { hint }) });
    this.piece = piece;
  }
}

/** Something wrong in a Dockerfile, with the place and the lines around it. */
export class DockerfileError extends InvalidArgumentError {
  readonly location: Location;
  readonly file: string;
  readonly source: SourceText;
  /** What is wrong, in one line. */
  readonly summary: string;

  constructor(
    summary: string,
    { source, location, hint }: { source: SourceText; location: Location; hint?: string | undefined },
  ) {
    super(`dockerfile parse error on line ${location.line}: ${summary}\n${excerpt(source, location)}`, {
      ...(hint !== undefined && { hint }),
    });
    this.location = location;
    this.file = source.file;
    this.source = source;
    this.summary = summary;
  }
}

/** The lines around a place, the faulty ones marked, and a caret below the first of them. */
export function excerpt({ file, lines }: SourceText, { line, endLine, column, width }: Location): string {
  const first = Math.max(1, line - LINES_AROUND);
  const last = Math.min(lines.length, Math.max(line, Math.min(endLine, line + 5)) + LINES_AROUND);
  const digits = String(last).length;
  const shown: string[] = [`${file}:${line}:${column}`];
  for (let number = first; number <= last; number++) {
    const text = (lines[number - 1] ?? '').replaceAll('\t', ' ').slice(0, WIDTH_LIMIT);
    const mark = number >= line && number <= endLine ? '>' : ' ';
    shown.push(`${mark} ${String(number).padStart(digits)} | ${text}`.trimEnd());
    if (number === line && column <= WIDTH_LIMIT)
      shown.push(
        `  ${' '.repeat(digits)} | ${' '.repeat(column - 1)}${'^'.repeat(Math.max(1, Math.min(width, WIDTH_LIMIT - column + 1)))}`,
      );
  }
  return shown.join('\n');
}

/** Finds a piece of an instruction's text in its lines, so that the caret stands below it; its beginning otherwise. */
export function locate(
  { lines }: SourceText,
  { line, endLine }: { line: number; endLine: number },
  piece: string,
): Location {
  const stripped = piece.trim();
  for (let number = line; number <= endLine; number++) {
    const column = stripped === '' ? -1 : (lines[number - 1] ?? '').indexOf(stripped);
    if (column >= 0) return { line: number, endLine: number, column: column + 1, width: stripped.length };
  }
  const text = lines[line - 1] ?? '';
  const column = text.length - text.trimStart().length;
  return { line, endLine, column: column + 1, width: /^\S*/.exec(text.trimStart())?.[0].length ?? 1 };
}
