import { parser } from '@lezer/python';
import type { SyntaxNode } from '@lezer/common';
import { stringValue } from '../../python/literal.ts';

/** A text of the file, with its line; `file` marks the name of a requirements file that is read there. */
export interface Text {
  text: string;
  line: number;
}

/** What an expression gives, as far as it is written out. */
export interface Listed {
  texts: readonly Text[];
  files: readonly Text[];
  /** Part of it is made when the file is run. */
  isPartial: boolean;
}

export interface Source {
  text: string;
  /** What names are set to, and bodies of functions. */
  assigned: ReadonlyMap<string, SyntaxNode>;
  functions: ReadonlyMap<string, SyntaxNode>;
  /** What may still be looked at: lists that name each other could grow without end. */
  steps: number;
}

const MAX_DEPTH = 12;
const MAX_STEPS = 100_000;

function childrenOf(node: SyntaxNode): SyntaxNode[] {
  const children: SyntaxNode[] = [];
  for (let child = node.firstChild; child !== null; child = child.nextSibling) children.push(child);
  return children;
}

const textOf = ({ text }: Source, node: SyntaxNode): string => text.slice(node.from, node.to);
export const lineOf = ({ text }: Source, node: SyntaxNode): number => text.slice(0, node.from).split('\n').length;

/** The names and functions of a file. */
export function readSource(text: string): { source: Source; top: SyntaxNode } {
  const top = parser.parse(text).topNode;
  const assigned = new Map<string, SyntaxNode>();
  const functions = new Map<string, SyntaxNode>();
  top.cursor().iterate((ref) => {
    const { node } = ref;
    const [first] = childrenOf(node);
    if (ref.name === 'AssignStatement' && first?.name === 'VariableName' && node.lastChild !== null)
      assigned.set(text.slice(first.from, first.to), node.lastChild);
    if (ref.name === 'WithStatement') collectOpened(text, node, assigned);
    const name = ref.name === 'FunctionDefinition' ? node.getChild('VariableName') : null;
    if (name !== null) functions.set(text.slice(name.from, name.to), node);
    return ref.name !== 'ArrayExpression';
  });
  return { source: { text, assigned, functions, steps: MAX_STEPS }, top };
}

/** `with open("requirements.txt") as file`. */
function collectOpened(text: string, node: SyntaxNode, assigned: Map<string, SyntaxNode>): void {
  const parts = childrenOf(node);
  for (const [index, part] of parts.entries()) {
    const [opened, name] = [parts[index - 1], parts[index + 1]];
    if (part.name === 'as' && opened !== undefined && name?.name === 'VariableName')
      assigned.set(text.slice(name.from, name.to), opened);
  }
}

/** The first call of `setup()`. */
export function setupCall(source: Source, top: SyntaxNode): SyntaxNode | undefined {
  let found: SyntaxNode | undefined;
  top.cursor().iterate((ref) => {
    const [callee] = ref.name === 'CallExpression' ? childrenOf(ref.node) : [];
    if (callee !== undefined && /(^|\.)setup$/.test(textOf(source, callee))) found ??= ref.node;
    return found === undefined;
  });
  return found;
}

/** Keyword arguments, with those of a dictionary that is spread into the call. */
export function keywordsOf(source: Source, call: SyntaxNode): Map<string, SyntaxNode> {
  const found = new Map<string, SyntaxNode>();
  const parts = childrenOf(call.getChild('ArgList') ?? call);
  for (const [index, part] of parts.entries()) {
    const value = parts[index + 2];
    if (part.name === 'VariableName' && parts[index + 1]?.name === 'AssignOp' && value !== undefined)
      found.set(textOf(source, part), value);
    const spread = parts[index + 1];
    if (textOf(source, part) === '**' && spread !== undefined)
      for (const [key, node] of dictionaryOf(source, spread)) found.set(key, node);
  }
  return found;
}

/** Keys and values of a dictionary, or of a name that stands for one. */
export function dictionaryOf(source: Source, node: SyntaxNode | undefined, depth = 0): [string, SyntaxNode][] {
  if (node === undefined || depth > MAX_DEPTH) return [];
  if (node.name === 'VariableName') return dictionaryOf(source, source.assigned.get(textOf(source, node)), depth + 1);
  if (node.name === 'CallExpression' && textOf(source, node).startsWith('dict(')) return [...keywordsOf(source, node)];
  if (node.name !== 'DictionaryExpression') return [];
  const parts = childrenOf(node).filter(({ name }) => !/^[{}:,]$/.test(name) && name !== 'Comment');
  const pairs: [string, SyntaxNode][] = [];
  for (let index = 0; index + 1 < parts.length; index += 2) {
    const [key, value] = [parts[index], parts[index + 1]];
    const name = key?.name === 'String' ? stringValue(textOf(source, key)) : undefined;
    if (name !== undefined && value !== undefined) pairs.push([name, value]);
  }
  return pairs;
}

/** The one text of an expression. */
export function single(source: Source, node: SyntaxNode | undefined): Text | undefined {
  return listed(source, node).texts[0];
}

/** The texts in an expression: a list, a name that stands for one, lists that are added, files that are read. */
export function listed(source: Source, node: SyntaxNode | undefined, depth = 0): Listed {
  if (node === undefined || depth > MAX_DEPTH || --source.steps < 0) return NOTHING;
  const text = textOf(source, node);
  switch (node.name) {
    case 'String':
      return written(source, node, stringValue(text));
    case 'ContinuedString':
      return written(source, node, joined(childrenOf(node).map((part) => stringValue(textOf(source, part)))));
    case 'VariableName':
      return source.assigned.has(text) ? listed(source, source.assigned.get(text), depth + 1) : { ...NOTHING, isPartial: true }; // prettier-ignore
    case 'ArrayExpression':
    case 'TupleExpression':
    case 'SetExpression':
    case 'BinaryExpression':
    case 'ParenthesizedExpression':
      return together(childrenOf(node).filter(({ name }) => !MARKS.test(name)).map((child) => listed(source, child, depth + 1))); // prettier-ignore
    case 'DictionaryExpression':
      return together(dictionaryOf(source, node).filter(([key]) => key === 'console_scripts').map(([, value]) => listed(source, value, depth + 1))); // prettier-ignore
    default:
      return made(source, node, depth);
  }
}

const MARKS = /^[()[\]{},]$|^(ArithOp|Comment)$/;
const NOTHING: Listed = { texts: [], files: [], isPartial: false };

function together(parts: readonly Listed[]): Listed {
  return {
    texts: parts.flatMap(({ texts }) => texts),
    files: parts.flatMap(({ files }) => files),
    isPartial: parts.some(({ isPartial }) => isPartial),
  };
}

function joined(parts: readonly (string | undefined)[]): string | undefined {
  return parts.every((part) => part !== undefined) ? parts.join('') : undefined;
}

/** A text of several lines is a list, one a line. */
function written(source: Source, node: SyntaxNode, text: string | undefined): Listed {
  if (text === undefined) return { ...NOTHING, isPartial: true };
  const line = lineOf(source, node);
  const parts = text.split('\n').map((part) => part.trim()).filter((part) => part !== ''); // prettier-ignore
  return { ...NOTHING, texts: parts.map((part) => ({ text: part, line })) };
}

const REQUIREMENTS_FILE = /(^|[/_-])require[\w-]*[\w/.-]*\.(txt|in)$/i;

/** What is made by code: names of requirements files in it, or in the functions that it calls, are what it reads. */
function made(source: Source, node: SyntaxNode, depth: number): Listed {
  const files = new Map<string, Text>();
  const visit = (inside: SyntaxNode, level: number): void => {
    inside.cursor().iterate((ref) => {
      if (--source.steps < 0) return false;
      const text = ref.name === 'String' ? stringValue(textOf(source, ref.node)) : undefined;
      if (text !== undefined && REQUIREMENTS_FILE.test(text) && !files.has(text)) files.set(text, { text, line: lineOf(source, ref.node) }); // prettier-ignore
      if (ref.name !== 'VariableName' || level + depth > MAX_DEPTH) return true;
      const name = textOf(source, ref.node);
      const body = source.functions.get(name) ?? source.assigned.get(name);
      if (body !== undefined && (body.from > inside.to || body.to < inside.from)) visit(body, level + 3);
      return true;
    });
  };
  visit(node, 0);
  return { texts: [], files: [...files.values()], isPartial: files.size === 0 };
}
