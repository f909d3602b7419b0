import type { SyntaxNode } from '@lezer/common';
import { joinPieces, type Literal, parentPath, PROJECT_ROOT, stringValue } from './literal.ts';

/** Names whose values are known: constants of the module, defaults of parameters, defaults of argparse options. */
export interface Scope {
  readonly source: string;
  readonly path: string;
  readonly names: Map<string, Literal>;
}

const MAX_DEPTH = 40;

export function textOf(scope: Scope, node: SyntaxNode): string {
  return scope.source.slice(node.from, node.to);
}

const LINE_STARTS = new WeakMap<Scope, number[]>();

/** Line that a node begins on, counted from 1. */
export function lineOf(scope: Scope, node: { readonly from: number }): number {
  let starts = LINE_STARTS.get(scope);
  if (starts === undefined) {
    starts = [0];
    for (let at = scope.source.indexOf('\n'); at !== -1; at = scope.source.indexOf('\n', at + 1)) starts.push(at + 1);
    LINE_STARTS.set(scope, starts);
  }
  let [low, high] = [0, starts.length];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((starts[middle] ?? 0) <= node.from) low = middle;
    else high = middle;
  }
  return low + 1;
}

export function childrenOf(node: SyntaxNode): SyntaxNode[] {
  const children: SyntaxNode[] = [];
  for (let child = node.firstChild; child !== null; child = child.nextSibling) children.push(child);
  return children;
}

/** Value of an expression as far as it can be known without running the program; undefined otherwise. */
export function evaluate(scope: Scope, node: SyntaxNode, depth = 0): Literal | undefined {
  if (depth > MAX_DEPTH) return undefined;
  const inner = (child: SyntaxNode): Literal | undefined => evaluate(scope, child, depth + 1);
  switch (node.name) {
    case 'String':
      return stringValue(textOf(scope, node));
    case 'ContinuedString':
      return joined(childrenOf(node).map(inner));
    case 'FormatString':
      return formatted(scope, node, inner);
    case 'Number':
      return numberValue(textOf(scope, node));
    case 'Boolean':
      return textOf(scope, node) === 'True';
    case 'None':
      return null;
    case 'VariableName':
      return named(scope, textOf(scope, node));
    case 'ParenthesizedExpression':
      return node.firstChild?.nextSibling ? inner(node.firstChild.nextSibling) : undefined;
    case 'TupleExpression':
    case 'ArrayExpression':
      return listOf(node, inner);
    case 'DictionaryExpression':
      return dictionaryOf(node, inner);
    case 'BinaryExpression':
      return binary(scope, node, inner);
    case 'UnaryExpression':
      return negative(scope, node, inner);
    case 'MemberExpression':
      return member(scope, node, inner);
    case 'CallExpression':
      return call(scope, node, inner);
    default:
      return undefined;
  }
}

type Inner = (node: SyntaxNode) => Literal | undefined;

function named(scope: Scope, name: string): Literal | undefined {
  return name === '__file__' ? `${PROJECT_ROOT}/${scope.path}` : scope.names.get(name);
}

function numberValue(text: string): number | undefined {
  const value = Number(text.replaceAll('_', ''));
  return Number.isNaN(value) ? undefined : value;
}

function joined(parts: readonly (Literal | undefined)[]): string | undefined {
  return parts.every((part) => typeof part === 'string') ? parts.join('') : undefined;
}

function formatted(scope: Scope, node: SyntaxNode, inner: Inner): string | undefined {
  const quote = /^[a-zA-Z]*("""|'''|"|')/.exec(textOf(scope, node));
  if (quote === null) return undefined;
  let text = '';
  let at = node.from + quote[0].length;
  for (const part of childrenOf(node).filter(({ name }) => name === 'FormatReplacement')) {
    const expression = part.firstChild?.nextSibling;
    const value = expression ? inner(expression) : undefined;
    if (typeof value !== 'string' && typeof value !== 'number') return undefined;
    text += scope.source.slice(at, part.from) + String(value) + (isWholeFloat(scope, expression, value) ? '.0' : '');
    at = part.to;
  }
  return text + scope.source.slice(at, node.to - (quote[1]?.length ?? 1));
}

/** `C = 1.0` is written as `1.0`, not as `1`. */
function isWholeFloat(scope: Scope, node: SyntaxNode | null | undefined, value: string | number): boolean {
  if (!Number.isInteger(value) || node?.name !== 'VariableName') return false;
  return new RegExp(`^[ \\t]*${textOf(scope, node)}[ \\t]*=[ \\t]*-?\\d+\\.0*[ \\t]*$`, 'm').test(scope.source);
}

function listOf(node: SyntaxNode, inner: Inner): Literal[] | undefined {
  const values = childrenOf(node)
    .filter(({ name }) => !/^[()[\],]$/.test(name) && name !== 'Comment')
    .map(inner);
  return values.some((value) => value === undefined) ? undefined : (values as Literal[]);
}

function dictionaryOf(node: SyntaxNode, inner: Inner): Literal | undefined {
  const parts = childrenOf(node).filter(({ name }) => !/^[{}:,]$/.test(name) && name !== 'Comment');
  const table: Record<string, Literal> = {};
  for (let index = 0; index + 1 < parts.length; index += 2) {
    const [key, value] = [inner(parts[index] as SyntaxNode), inner(parts[index + 1] as SyntaxNode)];
    if (typeof key !== 'string' || value === undefined || key === '__proto__') return undefined;
    table[key] = value;
  }
  return table;
}

function binary(scope: Scope, node: SyntaxNode, inner: Inner): Literal | undefined {
  const [left, operator, right] = childrenOf(node);
  if (left === undefined || operator === undefined || right === undefined) return undefined;
  const sign = textOf(scope, operator);
  const [a, b] = [inner(left), inner(right)];
  if (sign === 'or') return a === undefined || a === null || a === '' ? b : a;
  if (sign === '/' && typeof a === 'string' && typeof b === 'string') return joinPieces([a, b]);
  if (sign === '+' && typeof a === 'string' && typeof b === 'string') return a + b;
  return undefined;
}

function negative(scope: Scope, node: SyntaxNode, inner: Inner): Literal | undefined {
  const [sign, operand] = childrenOf(node);
  const value = operand === undefined ? undefined : inner(operand);
  return sign !== undefined && textOf(scope, sign) === '-' && typeof value === 'number' ? -value : undefined;
}

/** An item of a table, `Path(…).parent`, and the default of an option of argparse or of an attribute under its name. */
function member(scope: Scope, node: SyntaxNode, inner: Inner): Literal | undefined {
  const [object, , property] = childrenOf(node);
  if (object === undefined || property === undefined) return undefined;
  if (property.name !== 'PropertyName') return itemOf(inner(object), inner(property));
  const name = textOf(scope, property);
  const value = inner(object);
  if (name === 'parent' && typeof value === 'string') return parentPath(value);
  if (name === 'name' && typeof value === 'string') return value.slice(value.lastIndexOf('/') + 1);
  return value === undefined ? scope.names.get(`.${name}`) : undefined;
}

function itemOf(table: Literal | undefined, key: Literal | undefined): Literal | undefined {
  if (typeof table !== 'object' || table === null) return undefined;
  if (Array.isArray(table)) return typeof key === 'number' ? table.at(key) : undefined;
  const entries = table as { readonly [key: string]: Literal };
  return typeof key === 'string' && Object.hasOwn(entries, key) ? entries[key] : undefined;
}

const CALLEE_CHARACTERS = 200;

/** What is called, as written; of a long chain of calls only the end. */
export function calleeOf({ source }: Scope, node: SyntaxNode): string {
  const callee = node.firstChild;
  return callee === null ? '' : source.slice(Math.max(callee.from, callee.to - CALLEE_CHARACTERS), callee.to);
}

/** Functions that give back their first piece (or join all) as far as a path's text is concerned. */
const KEEPS_FIRST = new Set([
  'str',
  'int',
  'float',
  'abspath',
  'realpath',
  'expanduser',
  'fspath',
  'resolve',
  'absolute',
  'as_posix',
]);
const JOINS = new Set(['Path', 'PurePath', 'PosixPath', 'join', 'joinpath']);
/** Functions that give a variable of the environment, or what they are told to fall back to. */
export const ENVIRONMENT =
  /^(?:(?:os\.)?(?:getenv|environ\.get|environ\.setdefault)|(?:decouple\.)?config|env(?:\.(?:str|int|bool|float|list|url|path))?)$/;

function call(scope: Scope, node: SyntaxNode, inner: Inner): Literal | undefined {
  const callee = node.firstChild;
  if (callee === null) return undefined;
  const name = calleeOf(scope, node);
  const last = name.slice(name.lastIndexOf('.') + 1);
  const { positional, keyword } = argumentsOf(scope, node);
  if (ENVIRONMENT.test(name)) {
    const fallback = positional[1] ?? keyword.get('default');
    return fallback === undefined ? undefined : inner(fallback);
  }
  const object = callee.name === 'MemberExpression' && callee.firstChild ? inner(callee.firstChild) : undefined;
  const values = positional.map(inner);
  const pieces = typeof object === 'string' ? [object, ...values] : values;
  if (JOINS.has(last)) return pieces.every((piece) => typeof piece === 'string') ? joinPieces(pieces) : undefined;
  if (last === 'dirname' && typeof pieces[0] === 'string') return parentPath(pieces[0]);
  if (last === 'with_name' && typeof object === 'string' && typeof values[0] === 'string')
    return joinPieces([parentPath(object), values[0]]);
  if (last === 'format' && typeof object === 'string') return filled(object, values);
  if (last === 'int' && typeof pieces[0] === 'string') return numberValue(pieces[0]);
  return KEEPS_FIRST.has(last) ? pieces[0] : undefined;
}

/** `"{}/model".format(folder)`, without names or formats. */
function filled(text: string, values: readonly (Literal | undefined)[]): string | undefined {
  let next = 0;
  let isKnown = true;
  const result = text.replace(/\{(\d*)\}/g, (_, place: string) => {
    const value = values[place === '' ? next++ : Number(place)];
    if (typeof value === 'string' || typeof value === 'number') return String(value);
    isKnown = false;
    return '';
  });
  return isKnown && !/[{}]/.test(result) ? result : undefined;
}

export interface CallArguments {
  positional: readonly SyntaxNode[];
  keyword: ReadonlyMap<string, SyntaxNode>;
}

/** The arguments of a call, those by name apart. */
export function argumentsOf(scope: Scope, node: SyntaxNode): CallArguments {
  const list = node.getChild('ArgList');
  return list === null ? { positional: [], keyword: new Map() } : argumentsIn(scope, list);
}

const NO_ARGUMENT = new Set(['(', ')', ',', 'Comment', 'TypeDef']);

/** The same of the list between the parentheses, which may be that of a definition: then `keyword` holds the defaults. */
export function argumentsIn(scope: Scope, list: SyntaxNode): CallArguments {
  const positional: SyntaxNode[] = [];
  const keyword = new Map<string, SyntaxNode>();
  const parts = childrenOf(list).filter(({ name }) => !NO_ARGUMENT.has(name));
  for (let index = 0; index < parts.length; index++) {
    const part = parts[index] as SyntaxNode;
    const value = parts[index + 2];
    if (parts[index + 1]?.name === 'AssignOp' && value !== undefined) {
      keyword.set(textOf(scope, part), value);
      index += 2;
    } else {
      positional.push(part);
    }
  }
  return { positional, keyword };
}
