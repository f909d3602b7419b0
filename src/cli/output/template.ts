import { InvalidArgumentError } from '#lib/errors.ts';
import { type Node, type Operand, parseTemplate, type Pipeline } from './template-parse.ts';

/** A template that was read; called with each value, it gives the text. */
export type Template = (value: unknown) => string;

/** Reads a template of the subset of Go's language that Docker's `--format` is used with. @throws {InvalidArgumentError} */
export function compileTemplate(text: string): Template {
  // A shell hands `\t` and `\n` on as they are.
  const nodes = parseTemplate(text.replace(/\\t/g, '\t').replace(/\\n/g, '\n'));
  return (value) => runNodes(nodes, { dot: value, variables: new Map([['$', value]]) });
}

interface Scope {
  dot: unknown;
  variables: Map<string, unknown>;
}

function runNodes(nodes: readonly Node[], scope: Scope): string {
  return nodes.map((node) => runNode(node, scope)).join('');
}

function runNode(node: Node, scope: Scope): string {
  if (node.kind === 'text') return node.text;
  const value = runPipeline(node.pipeline, scope);
  const { assign } = node.pipeline;
  if (node.kind === 'range') return runRange(node, value, scope);
  for (const name of assign) scope.variables.set(name, value);
  if (node.kind === 'print') return assign.length > 0 ? '' : show(value);
  if (!isTrue(value)) return runNodes(node.otherwise, scope);
  return runNodes(node.body, node.kind === 'with' ? { ...scope, dot: value } : scope);
}

function runRange(node: Extract<Node, { body: unknown }>, value: unknown, scope: Scope): string {
  const items = entriesOf(value);
  if (items.length === 0) return runNodes(node.otherwise, scope);
  const { assign } = node.pipeline;
  return items
    .map(([key, item]) => {
      const variables = new Map(scope.variables);
      if (assign.length === 1) variables.set(assign[0] ?? '', item);
      if (assign.length === 2) variables.set(assign[0] ?? '', key).set(assign[1] ?? '', item);
      return runNodes(node.body, { dot: item, variables });
    })
    .join('');
}

function entriesOf(value: unknown): [unknown, unknown][] {
  if (Array.isArray(value)) return value.map((item, index) => [index, item as unknown]);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function runPipeline({ commands }: Pipeline, scope: Scope): unknown {
  let result: unknown;
  for (const [index, [head, ...rest]] of commands.entries()) {
    if (head === undefined) continue;
    const args = rest.map((operand) => valueOf(operand, scope));
    if (index > 0) args.push(result);
    result = call(head, args, scope);
  }
  return result;
}

function call(head: Operand, args: unknown[], scope: Scope): unknown {
  if (head.kind === 'function') {
    const own = Object.hasOwn(FUNCTIONS, head.name) ? FUNCTIONS[head.name] : undefined;
    if (own === undefined) throw problem(`function ${head.name} is not known`);
    return own(...args);
  }
  const value = valueOf(head, scope);
  if (typeof value === 'function') return (value as (...words: unknown[]) => unknown)(...args);
  if (args.length > 0) throw problem('a value that takes no arguments was given some');
  return value;
}

function valueOf(operand: Operand, scope: Scope): unknown {
  if (operand.kind === 'value') return operand.value;
  if (operand.kind === 'function') return call(operand, [], scope);
  if (operand.kind === 'group') return follow(runPipeline(operand.pipeline, scope), operand.fields);
  if (operand.root === '.') return follow(scope.dot, operand.fields);
  if (!scope.variables.has(operand.root)) throw problem(`variable ${operand.root} is not known`);
  return follow(scope.variables.get(operand.root), operand.fields);
}

function follow(start: unknown, fields: readonly string[]): unknown {
  let value = start;
  for (const field of fields) {
    if (value === null || value === undefined) return undefined;
    if (typeof value !== 'object') throw problem(`${JSON.stringify(value)} has no field ${field}`);
    if (!Object.hasOwn(value, field) && value === start && fields[0] === field) throw noField(field, value);
    value = (value as Record<string, unknown>)[field];
  }
  return value;
}

function noField(field: string, value: object): InvalidArgumentError {
  const known = Object.keys(value);
  const hint =
    known.length > 0 && known.length < 40 ? `fields: ${known.map((name) => `.${name}`).join(' ')}` : undefined;
  return new InvalidArgumentError(`the template of --format names a field that is not there: .${field}`, {
    ...(hint !== undefined && { hint }),
  });
}

function problem(why: string): InvalidArgumentError {
  return new InvalidArgumentError('the template of --format does not work', { why });
}

function isTrue(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0;
  return Boolean(value);
}

/** As Go prints values. */
export function show(value: unknown): string {
  if (value === undefined) return '<no value>';
  if (value === null) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(show).join(' ')}]`;
  if (typeof value !== 'object') return typeof value === 'string' ? value : JSON.stringify(value);
  return `map[${entriesOf(value)
    .map(([key, item]) => `${String(key)}:${show(item)}`)
    .join(' ')}]`;
}

function compare(a: unknown, b: unknown): number {
  return typeof a === 'number' && typeof b === 'number' ? a - b : show(a) < show(b) ? -1 : show(a) > show(b) ? 1 : 0;
}

function at(value: unknown, ...keys: unknown[]): unknown {
  return keys.reduce((inner, key) => {
    if (typeof inner !== 'object' || inner === null) return undefined;
    return (inner as Record<string, unknown>)[String(key)];
  }, value);
}

/** `%s`, `%d`, `%v`, `%q`, with width and minus; what Docker's users write. */
function printf(format: unknown, ...args: unknown[]): string {
  let index = 0;
  return show(format).replace(/%(-?)(\d*)(?:\.\d+)?([svdqtx%])/g, (...match: string[]) => {
    const [, minus = '', width = '', verb = ''] = match;
    if (verb === '%') return '%';
    const value = args[index++];
    const text = verb === 'q' ? JSON.stringify(show(value)) : verb === 'x' ? Number(value).toString(16) : show(value);
    return minus === '' ? text.padStart(Number(width)) : text.padEnd(Number(width));
  });
}

const FUNCTIONS: Readonly<Record<string, (...args: unknown[]) => unknown>> = {
  json: (value) => JSON.stringify(value ?? null),
  join: (list, separator) => (Array.isArray(list) ? list.map(show).join(show(separator)) : show(list)),
  split: (text, separator) => show(text).split(show(separator)),
  lower: (text) => show(text).toLowerCase(),
  upper: (text) => show(text).toUpperCase(),
  title: (text) => show(text).replace(/\b\w/g, (letter) => letter.toUpperCase()),
  truncate: (text, length) => show(text).slice(0, Number(length)),
  pad: (text, before, after) => ' '.repeat(Number(before)) + show(text) + ' '.repeat(Number(after)),
  len: (value) => (typeof value === 'string' ? value.length : entriesOf(value).length),
  index: at,
  slice: (value, from, to) =>
    (value as string | unknown[]).slice(Number(from ?? 0), to === undefined ? undefined : Number(to)),
  print: (...args) => args.map(show).join(''),
  println: (...args) => `${args.map(show).join(' ')}\n`,
  printf,
  eq: (value, ...others) => others.some((other) => show(value) === show(other)),
  ne: (a, b) => show(a) !== show(b),
  lt: (a, b) => compare(a, b) < 0,
  le: (a, b) => compare(a, b) <= 0,
  gt: (a, b) => compare(a, b) > 0,
  ge: (a, b) => compare(a, b) >= 0,
  not: (value) => !isTrue(value),
  and: (...args) => args.find((value) => !isTrue(value)) ?? args.at(-1),
  or: (...args) => args.find(isTrue) ?? args.at(-1),
};
