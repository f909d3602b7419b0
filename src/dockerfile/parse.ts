import { InvalidArgumentError } from '#lib/errors.ts';
import { DirectiveError, type Directives, parseDirectives } from './directives.ts';
import { DockerfileError, InstructionError, type Location, locate, type SourceText } from './dockerfile-error.ts';
import { type Heredoc, heredocsOf } from './heredoc.ts';
import {
  type Arguments,
  jsonOrText,
  jsonOrWords,
  nameValues,
  oneArgument,
  splitAtBlanks,
  splitFlags,
  splitQuoted,
} from './words.ts';

/** One instruction as it is written, its arguments split and nothing replaced. */
export interface Node {
  /** In capitals. */
  instruction: string;
  flags: string[];
  args: string[];
  /** The arguments came as a JSON array. */
  isJson: boolean;
  heredocs: Heredoc[];
  /** The instruction that ONBUILD keeps for later. */
  child: Node | undefined;
  /** Lines of comment right above it, without `#` and the blanks around them. */
  comments: readonly string[];
  /** Joined lines without comments. */
  original: string;
  line: number;
  endLine: number;
}

export interface Ast {
  directives: Directives;
  nodes: Node[];
  warnings: { line: number; message: string }[];
  source: SourceText;
}

type Split = (rest: string, context: { instruction: string; escape: string }) => Arguments;

const healthArguments: Split = (rest) => {
  const [, kind = '', command = ''] = /^(\S*)\s*([\s\S]*)$/.exec(rest) ?? [];
  if (kind === '') return { args: [], isJson: false };
  const { args, isJson } = jsonOrText(command);
  return { args: [kind, ...args], isJson };
};
const quotedWords: Split = (rest, { escape }) => ({ args: splitQuoted(rest, escape), isJson: false });

const SPLITS: Readonly<Record<string, Split>> = {
  ADD: jsonOrWords,
  ARG: quotedWords,
  CMD: jsonOrText,
  COPY: jsonOrWords,
  ENTRYPOINT: jsonOrText,
  ENV: nameValues,
  EXPOSE: splitAtBlanks,
  FROM: splitAtBlanks,
  HEALTHCHECK: healthArguments,
  LABEL: nameValues,
  MAINTAINER: oneArgument,
  RUN: jsonOrText,
  SHELL: jsonOrText,
  STOPSIGNAL: oneArgument,
  USER: oneArgument,
  VOLUME: jsonOrWords,
  WORKDIR: oneArgument,
};

/** Names of all instructions. */
export const INSTRUCTIONS: readonly string[] = [...Object.keys(SPLITS), 'ONBUILD'].toSorted();

const WITH_HEREDOC = ['ADD', 'COPY', 'RUN'];

/**
 * Reads a Dockerfile into its instructions.
 * @throws {DockerfileError} with the place
 */
export function parseDockerfile(text: string, file = 'Dockerfile'): Ast {
  const raw = text.replace(/^\uFEFF/, '').split(/(?<=\n)/);
  const source: SourceText = { file, lines: raw.map((line) => withoutEnd(line)) };
  if (text.includes('\0'))
    throw new DockerfileError(`the Dockerfile (${file}) is not text`, {
      source: { file, lines: [] },
      location: { line: 1, endLine: 1, column: 1, width: 1 },
      hint: 'a program or an archive has that name; name the Dockerfile with --file',
    });
  const directives = readDirectives(source);
  const reader: Reader = { raw, at: 0, escape: directives.escape, source, comments: [] };
  const nodes: Node[] = [];
  const warnings: Ast['warnings'] = [];
  while (reader.at < raw.length) {
    const logical = readLogicalLine(reader);
    if (logical === undefined) continue;
    if (logical.emptyLine !== undefined)
      warnings.push({ line: logical.emptyLine, message: 'Empty continuation line found in an instruction' });
    nodes.push(readNode(reader, logical));
    reader.comments = [];
  }
  if (nodes.length === 0)
    throw new DockerfileError(`the Dockerfile (${file}) cannot be empty`, {
      source,
      location: { line: 1, endLine: 1, column: 1, width: 1 },
    });
  return { directives, nodes, warnings, source };
}

/** A line without what ends it, whatever mix of line feeds and carriage returns that is. */
function withoutEnd(line: string, characters = '\r\n'): string {
  let end = line.length;
  while (end > 0 && characters.includes(line[end - 1] ?? '')) end -= 1;
  return line.slice(0, end);
}

interface Reader {
  /** Lines with their ends. */
  raw: readonly string[];
  at: number;
  escape: string;
  source: SourceText;
  /** Since the last blank line or instruction. */
  comments: string[];
}

interface LogicalLine {
  text: string;
  line: number;
  /** The first line that continues and has nothing on it. */
  emptyLine: number | undefined;
}

function readDirectives(source: SourceText): Directives {
  try {
    return parseDirectives(source.lines);
  } catch (error) {
    if (!(error instanceof DirectiveError)) throw error;
    const { line, message } = error;
    throw new DockerfileError(message, {
      source,
      location: locate(source, { line, endLine: line }, source.lines[line - 1] ?? ''),
    });
  }
}

/** Joins continued lines; comments among them go. Undefined for a blank line or a comment. */
function readLogicalLine(reader: Reader): LogicalLine | undefined {
  const first = nextLine(reader);
  const line = reader.at;
  if (isComment(first)) {
    reader.comments.push(first.trim().slice(1).trim());
    return undefined;
  }
  if (first.trim() === '') {
    reader.comments = [];
    return undefined;
  }
  let { text, continues } = cutContinuation(first.trimStart(), reader.escape);
  let emptyLine: number | undefined;
  while (continues && reader.at < reader.raw.length) {
    const more = nextLine(reader);
    if (isComment(more)) continue;
    if (more.trim() === '') {
      emptyLine ??= reader.at;
      continue;
    }
    const piece = cutContinuation(more, reader.escape);
    text += piece.text;
    continues = piece.continues;
  }
  return text.trim() === '' ? undefined : { text, line, emptyLine };
}

function nextLine(reader: Reader): string {
  const line = reader.source.lines[reader.at] ?? '';
  reader.at += 1;
  return line;
}

function isComment(line: string): boolean {
  return line.trimStart().startsWith('#');
}

/** A line continues when it ends with one escape character; two of them are an escaped one. */
function cutContinuation(line: string, escape: string): { text: string; continues: boolean } {
  const stripped = withoutEnd(line, ' \t');
  const continues = stripped.endsWith(escape) && !stripped.endsWith(escape + escape);
  return continues ? { text: stripped.slice(0, -1), continues } : { text: line, continues };
}

function readNode(reader: Reader, { text, line }: LogicalLine): Node {
  const place = { line, endLine: reader.at };
  const { comments } = reader;
  const node = withPlace(reader.source, place, text, () => ({ ...parseNode(text, reader.escape, place), comments }));
  const owner = node.child ?? node;
  if (WITH_HEREDOC.includes(owner.instruction) && !owner.isJson && text.includes('<<')) {
    for (const heredoc of heredocsOf(text)) {
      const complete = { ...heredoc, content: readHeredoc(reader, heredoc, place) };
      node.heredocs.push(complete);
      node.child?.heredocs.push(complete);
    }
    node.endLine = reader.at;
    if (node.child !== undefined) node.child.endLine = reader.at;
  }
  return node;
}

function readHeredoc(reader: Reader, { name, stripTabs }: Heredoc, place: { line: number; endLine: number }): string {
  let content = '';
  while (reader.at < reader.raw.length) {
    const raw = reader.raw[reader.at] ?? '';
    const line = nextLine(reader);
    if ((stripTabs ? line.replace(/^\t+/, '') : line) === name) return content;
    content += raw;
  }
  throw new DockerfileError('unterminated heredoc', {
    source: reader.source,
    location: locate(reader.source, place, openingOf(reader.source, place, name)),
    hint: `end it with a line that is just ${name}`,
  });
}

/** The word that opens a heredoc, as it is written. */
function openingOf({ lines }: SourceText, { line, endLine }: { line: number; endLine: number }, name: string): string {
  const text = lines.slice(line - 1, endLine).join('\n');
  const words = ['<<', '<<-'].flatMap((sign) => [`${sign}${name}`, `${sign}"${name}"`, `${sign}'${name}'`]);
  return words.find((word) => text.includes(word)) ?? '<<';
}

/** One line as a node, without heredoc content; also used for what ONBUILD kept. @throws {InvalidArgumentError} */
export function parseNode(text: string, escape: string, place: { line: number; endLine: number }): Node {
  const [, word = '', after = ''] = /^\s*(\S+)\s*([\s\S]*)$/.exec(text) ?? [];
  const instruction = word.toUpperCase();
  const { flags, rest } = splitFlags(after.trim());
  const node: Node = {
    instruction,
    flags,
    args: [],
    isJson: false,
    heredocs: [],
    child: undefined,
    comments: [],
    original: text.trim(),
    ...place,
  };
  if (instruction === 'ONBUILD') {
    // A trigger of a trigger is refused by whoever reads this; it is not followed further.
    const isNested = /^onbuild(\s|$)/i.test(rest);
    if (isNested) node.child = { ...node, original: rest };
    else if (rest !== '') node.child = parseNode(rest, escape, place);
    return node;
  }
  return { ...node, ...SPLITS[instruction]?.(rest, { instruction, escape }) };
}

/** Gives an error of `work` the place of the instruction it is about. */
export function withPlace<T>(
  source: SourceText,
  place: { line: number; endLine: number },
  ...[piece, work]: [piece: string, work: () => T]
): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof DockerfileError || !(error instanceof InvalidArgumentError)) throw error;
    throw new DockerfileError(error.message, {
      source,
      location: locate(source, place, error instanceof InstructionError ? error.piece : piece),
      hint: error.hint,
    });
  }
}

/** Where an instruction stands. */
export function locationOf(source: SourceText, node: { line: number; endLine: number }, piece = ''): Location {
  return locate(source, node, piece);
}
