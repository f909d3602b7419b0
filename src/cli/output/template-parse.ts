import { InvalidArgumentError } from '#lib/errors.ts';

/** A value that a template names, or a call. */
export type Operand =
  | { kind: 'value'; value: unknown }
  | { kind: 'path'; root: string; fields: readonly string[] }
  | { kind: 'group'; pipeline: Pipeline; fields: readonly string[] }
  | { kind: 'function'; name: string };

/** `a | b c`: each command gets the result of the one before as its last argument. */
export interface Pipeline {
  /** Variables that take the result. */
  assign: readonly string[];
  commands: readonly (readonly Operand[])[];
}

export type Node =
  | { kind: 'text'; text: string }
  | { kind: 'print'; pipeline: Pipeline }
  | { kind: 'if' | 'with' | 'range'; pipeline: Pipeline; body: readonly Node[]; otherwise: readonly Node[] };

const ACTION = /\{\{(-\s)?\s*((?:"(?:[^"\\]|\\.)*"|`[^`]*`|[^"`}]|\}(?!\}))*?)\s*(\s-)?\}\}/g;
const TOKEN =
  /\s*(?:("(?:[^"\\]|\\.)*")|`([^`]*)`|(:=|[|(),])|(-?\d+(?:\.\d+)?)|(\$\w*(?:\.\w+)*)|((?:\.\w+)+|\.)|(\w+))/y;

/** Reads a template of the form that Docker's `--format` takes. @throws {InvalidArgumentError} */
export function parseTemplate(text: string): readonly Node[] {
  const pieces = splitActions(text);
  const nodes = readBlock(pieces);
  if (pieces.length > 0) throw invalid(`unexpected {{${pieces[0]?.action ?? ''}}}`);
  return nodes;
}

interface Piece {
  text?: string;
  action?: string;
}

function splitActions(text: string): Piece[] {
  const pieces: Piece[] = [];
  let end = 0;
  let trimNext = false;
  const add = (piece: string, trimEnd: boolean): void => {
    let own = trimNext ? piece.trimStart() : piece;
    if (trimEnd) own = own.trimEnd();
    if (own.includes('{{')) throw invalid('an action is not closed');
    if (own !== '') pieces.push({ text: own });
  };
  for (const match of text.matchAll(ACTION)) {
    const [whole, trimLeft, action = '', trimRight] = match;
    add(text.slice(end, match.index), trimLeft !== undefined);
    end = match.index + whole.length;
    trimNext = trimRight !== undefined;
    if (!action.startsWith('/*')) pieces.push({ action });
  }
  add(text.slice(end), false);
  return pieces;
}

/** Reads up to `else`, `end` or the end of everything; the ending action stays. */
function readBlock(pieces: Piece[]): Node[] {
  const nodes: Node[] = [];
  for (let piece = pieces[0]; piece !== undefined; piece = pieces[0]) {
    const { text, action = '' } = piece;
    if (text === undefined && /^(else|end)\b/.test(action)) return nodes;
    pieces.shift();
    if (text !== undefined) nodes.push({ kind: 'text', text });
    else nodes.push(readAction(action, pieces));
  }
  return nodes;
}

function readAction(action: string, pieces: Piece[]): Node {
  const [, keyword, rest = ''] = /^(if|range|with)\s+(.*)$/s.exec(action) ?? [];
  if (keyword === undefined) return { kind: 'print', pipeline: parsePipeline(action) };
  const kind = keyword as 'if' | 'range' | 'with';
  const body = readBlock(pieces);
  return { kind, pipeline: parsePipeline(rest), body, otherwise: readElse(pieces) };
}

function readElse(pieces: Piece[]): Node[] {
  const ending = pieces.shift()?.action;
  if (ending === undefined) throw invalid('{{end}} is missing');
  if (ending === 'end') return [];
  const nested = ending.slice('else'.length).trim();
  // `else if` ends with the same `end` as the whole.
  if (nested !== '') return [readAction(nested, pieces)];
  const nodes = readBlock(pieces);
  if (pieces.shift()?.action !== 'end') throw invalid('{{end}} is missing');
  return nodes;
}

type Token = { value: unknown } | { sign: string } | { word: string };

function parsePipeline(text: string): Pipeline {
  const tokens = tokenize(text);
  const assign: string[] = [];
  const marks = tokens.findIndex((token) => 'sign' in token && token.sign === ':=');
  if (marks >= 0) for (const token of tokens.splice(0, marks + 1)) if ('word' in token) assign.push(token.word);
  const pipeline = { assign, commands: readCommands(tokens) };
  if (tokens.length > 0) throw invalid(`cannot read {{${text}}}`);
  return pipeline;
}

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  const whole = text.trimEnd();
  while (TOKEN.lastIndex < whole.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(whole);
    if (match === null) throw invalid(`cannot read {{${text}}} at ${JSON.stringify(whole.slice(at))}`);
    const [, quoted, raw, sign, number, variable, path, word] = match;
    if (quoted !== undefined) tokens.push({ value: unquote(quoted) });
    else if (raw !== undefined) tokens.push({ value: raw });
    else if (sign !== undefined) tokens.push({ sign });
    else if (number !== undefined) tokens.push({ value: Number(number) });
    else tokens.push({ word: variable ?? path ?? word ?? '' });
  }
  return tokens;
}

function readCommands(tokens: Token[]): Operand[][] {
  const commands: Operand[][] = [[]];
  for (let token = tokens[0]; token !== undefined; token = tokens[0]) {
    if ('sign' in token && token.sign === ')') break;
    tokens.shift();
    if ('sign' in token && token.sign === '|') commands.push([]);
    else commands.at(-1)?.push(readOperand(token, tokens));
  }
  if (commands.some(({ length }) => length === 0)) throw invalid('a command is missing');
  return commands;
}

function readOperand(token: Token, tokens: Token[]): Operand {
  if ('value' in token) return { kind: 'value', value: token.value };
  if ('sign' in token) return readGroup(token.sign, tokens);
  const { word } = token;
  if (word.startsWith('.')) return { kind: 'path', root: '.', fields: word.split('.').filter(Boolean) };
  if (word.startsWith('$')) {
    const [root = '$', ...fields] = word.split('.');
    return { kind: 'path', root, fields };
  }
  if (word === 'true' || word === 'false') return { kind: 'value', value: word === 'true' };
  if (word === 'nil') return { kind: 'value', value: null };
  return { kind: 'function', name: word };
}

function readGroup(sign: string, tokens: Token[]): Operand {
  if (sign !== '(') throw invalid(`unexpected ${sign}`);
  const pipeline: Pipeline = { assign: [], commands: readCommands(tokens) };
  if (tokens.shift() === undefined) throw invalid('a bracket is not closed');
  const next = tokens[0];
  const hasFields = next !== undefined && 'word' in next && /^\.\w/.test(next.word);
  if (hasFields) tokens.shift();
  return { kind: 'group', pipeline, fields: hasFields ? next.word.split('.').filter(Boolean) : [] };
}

function unquote(quoted: string): string {
  const escapes: Record<string, string> = { n: '\n', t: '\t', r: '\r' };
  return quoted.slice(1, -1).replace(/\\(.)/g, (_, letter: string) => escapes[letter] ?? letter);
}

function invalid(why: string): InvalidArgumentError {
  return new InvalidArgumentError('the template of --format cannot be read', {
    why,
    hint: 'examples: {{.ID}}, {{json .}}, {{range .Mounts}}{{.Source}} {{end}}',
  });
}
