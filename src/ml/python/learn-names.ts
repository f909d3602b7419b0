import type { SyntaxNode } from '@lezer/common';
import {
  argumentsIn,
  argumentsOf,
  calleeOf,
  childrenOf,
  ENVIRONMENT,
  evaluate,
  type Scope,
  textOf,
} from './evaluate.ts';
import type { ValueSource } from './module.ts';
import { stringValue } from './literal.ts';

const SOURCES = new WeakMap<Scope, Map<string, ValueSource>>();

/**
 * Learns constants, attributes, and defaults of parameters and of options: what paths, ports and names are made of. A name set twice keeps its
 * first value; attributes are known with a dot before them.
 */
export function learnNames(scope: Scope, node: SyntaxNode): void {
  if (node.name === 'AssignStatement') learnAssignment(scope, node);
  else if (node.name === 'ParamList')
    for (const [name, value] of argumentsIn(scope, node).keyword) learn(scope, name, value);
  else learnOption(scope, node);
}

function learn(scope: Scope, name: string, node: SyntaxNode | null | undefined): void {
  if (node === null || node === undefined) return;
  const source = sourceOfValue(scope, node);
  if (source !== undefined && sourcesOf(scope).get(name) === undefined) sourcesOf(scope).set(name, source);
  if (scope.names.has(name)) return;
  const value = evaluate(scope, node);
  if (value !== undefined) scope.names.set(name, value);
}

function learnAssignment(scope: Scope, node: SyntaxNode): void {
  const parts = childrenOf(node);
  const [target, value] = [parts[0], parts.at(-1)];
  if (target === undefined || value === undefined || !parts.some(({ name }) => name === 'AssignOp')) return;
  if (target.name === 'VariableName') {
    learn(scope, textOf(scope, target), value);
    if (node.parent?.parent?.name === 'ClassDefinition') learn(scope, `.${textOf(scope, target)}`, value);
  } else if (target.name === 'MemberExpression' && target.to - target.from < 80) {
    const property = target.getChild('PropertyName');
    if (property !== null) learn(scope, `.${textOf(scope, property)}`, value);
  }
}

const OPTION_CALLS = /(?:\.add_argument|(?:^|\.)define|\.add_option)$/;

/** `parser.add_argument("--port", default=8000)`, `define("port", default=8888)` of tornado. */
function learnOption(scope: Scope, node: SyntaxNode): void {
  if (!OPTION_CALLS.test(calleeOf(scope, node))) return;
  const { positional, keyword } = argumentsOf(scope, node);
  const flags = positional.map((item) => evaluate(scope, item)).filter((value) => typeof value === 'string');
  const flag = flags.find((value) => value.startsWith('--')) ?? flags[0];
  const destination = keyword.get('dest');
  const named = destination === undefined ? undefined : evaluate(scope, destination);
  if (flag === undefined) return;
  const name = `.${typeof named === 'string' ? named : flag.replace(/^-+/, '').replaceAll('-', '_')}`;
  learn(scope, name, keyword.get('default'));
  if (flag.startsWith('-')) sourcesOf(scope).set(name, { option: flag });
}

function sourcesOf(scope: Scope): Map<string, ValueSource> {
  const known = SOURCES.get(scope);
  if (known !== undefined) return known;
  const made = new Map<string, ValueSource>();
  SOURCES.set(scope, made);
  return made;
}

const MAX_EXPRESSION = 300;

/** The variable of the environment or the option that an expression takes its value from. */
export function sourceOfValue(scope: Scope, node: SyntaxNode, depth = 0): ValueSource | undefined {
  if (depth > 8 || node.to - node.from > MAX_EXPRESSION) return undefined;
  if (node.name === 'VariableName') return sourcesOf(scope).get(textOf(scope, node));
  if (node.name === 'CallExpression' && ENVIRONMENT.test(calleeOf(scope, node))) {
    const [first] = argumentsOf(scope, node).positional;
    const name = first?.name === 'String' ? stringValue(textOf(scope, first)) : undefined;
    return name === undefined ? undefined : { variable: name };
  }
  if (node.name === 'MemberExpression') {
    const item = /^(?:os\.)?environ\[\s*['"](\w+)['"]\s*\]$/.exec(textOf(scope, node))?.[1];
    if (item !== undefined) return { variable: item };
    const property = node.getChild('PropertyName');
    return property === null ? undefined : sourcesOf(scope).get(`.${textOf(scope, property)}`);
  }
  const inner = node.name === 'CallExpression' ? argumentsOf(scope, node).positional : childrenOf(node);
  for (const part of inner) {
    const source = sourceOfValue(scope, part, depth + 1);
    if (source !== undefined) return source;
  }
  return undefined;
}
