import { parser } from '@lezer/python';
import type { SyntaxNode } from '@lezer/common';
import { FRAMEWORKS } from '../data/frameworks.ts';
import {
  type CallArguments,
  calleeOf,
  argumentsIn,
  argumentsOf,
  childrenOf,
  evaluate,
  lineOf,
  type Scope,
  textOf,
} from './evaluate.ts';
import { fileUse } from './file-use.ts';
import type { AppVariable, Bind, FileUse, PythonImport, PythonModule, PythonRoute } from './module.ts';
import { readRoute } from './read-route.ts';

interface Found {
  imports: PythonImport[];
  apps: AppVariable[];
  routes: PythonRoute[];
  binds: Bind[];
  files: FileUse[];
  calls: Set<string>;
  isScript: boolean;
  syntax: PythonModule['syntax'];
}

/** Reads one Python file; broken code gives what can be read of it. Nothing is executed. */
export function readModule(path: string, source: string): PythonModule {
  const scope: Scope = { source, path, names: new Map() };
  const top = parser.parse(source).topNode;
  collectNames(scope, top);
  const found: Found = {
    imports: [], apps: [], routes: [], binds: [], files: [], calls: new Set(), isScript: false, syntax: undefined,
  }; // prettier-ignore
  top.cursor().iterate((ref) => {
    visit(scope, found, ref.node);
  });
  return { path, ...found, names: scope.names, docstring: docstringOf(scope, top) };
}

function docstringOf(scope: Scope, top: SyntaxNode): string | undefined {
  const first = childrenOf(top).find(({ name }) => name !== 'Comment');
  const value =
    first?.name === 'ExpressionStatement' && first.firstChild ? evaluate(scope, first.firstChild) : undefined;
  return typeof value === 'string' ? value : undefined;
}

/** Constants, defaults of parameters and of argparse options: what paths and ports are made of. A name set twice keeps its first value. */
function collectNames(scope: Scope, top: SyntaxNode): void {
  const learn = (name: string, node: SyntaxNode | null | undefined): void => {
    if (node === null || node === undefined || scope.names.has(name)) return;
    const value = evaluate(scope, node);
    if (value !== undefined) scope.names.set(name, value);
  };
  top.cursor().iterate((ref) => {
    if (ref.name === 'AssignStatement') {
      const parts = childrenOf(ref.node);
      const [target] = parts;
      if (target?.name === 'VariableName' && parts.some(({ name }) => name === 'AssignOp'))
        learn(textOf(scope, target), parts.at(-1));
    } else if (ref.name === 'ParamList') {
      for (const [name, value] of argumentsIn(scope, ref.node).keyword) learn(name, value);
    } else if (ref.name === 'CallExpression' && calleeOf(scope, ref.node).endsWith('.add_argument')) {
      const { positional, keyword } = argumentsOf(scope, ref.node);
      const flag = positional.map((node) => evaluate(scope, node)).findLast((value) => typeof value === 'string');
      if (typeof flag === 'string') learn(`.${flag.replace(/^-+/, '').replaceAll('-', '_')}`, keyword.get('default'));
    }
  });
}

function visit(scope: Scope, found: Found, node: SyntaxNode): void {
  switch (node.name) {
    case 'ImportStatement':
      found.imports.push(...importsOf(scope, node));
      break;
    case 'AssignStatement':
      noteApp(scope, found, node);
      break;
    case 'CallExpression':
      noteCall(scope, found, node);
      break;
    case 'DecoratedStatement':
      found.routes.push(...readRoute(scope, node));
      break;
    case 'FunctionDefinition':
      noteFactory(scope, found, node);
      break;
    case 'IfStatement':
      if (/^if\s+\(?\s*__name__\s*==\s*['"]__main__['"]/.test(scope.source.slice(node.from, node.from + 60)))
        found.isScript = true;
      break;
    default:
      noteSyntax(scope, found, node);
  }
}

function importsOf(scope: Scope, node: SyntaxNode): PythonImport[] {
  const text = textOf(scope, node)
    .replace(/#[^\n]*/g, '')
    .replace(/[()\\\s]+/g, ' ')
    .trim();
  const line = lineOf(scope, node);
  const optional = isInside(node, 'TryStatement');
  const from = /^from ([.\w ]*?) ?import (.*)$/.exec(text);
  if (from !== null) {
    return [{ module: (from[1] ?? '').replaceAll(' ', ''), names: listed(from[2] ?? ''), line, optional }];
  }
  return listed(text.replace(/^import /, '')).map((module) => ({ module, names: [], line, optional }));
}

/** The names of an import's list, without what they are called here. */
function listed(list: string): string[] {
  return list.split(',').flatMap((item) => item.trim().split(/ as /)[0]?.trim() || []);
}

function isInside(node: SyntaxNode, name: string): boolean {
  for (let parent = node.parent; parent !== null; parent = parent.parent) if (parent.name === name) return true;
  return false;
}

/** `app = Flask(__name__)` anywhere but in a function. */
function noteApp(scope: Scope, found: Found, node: SyntaxNode): void {
  const parts = childrenOf(node);
  const [target, value] = [parts[0], parts.at(-1)];
  if (target?.name !== 'VariableName' || value?.name !== 'CallExpression' || isInside(node, 'FunctionDefinition'))
    return;
  const framework = frameworkOfCall(scope, value);
  if (framework !== undefined)
    found.apps.push({ variable: textOf(scope, target), framework, line: lineOf(scope, node), factory: false });
}

function frameworkOfCall(scope: Scope, call: SyntaxNode): string | undefined {
  const callee = calleeOf(scope, call);
  return FRAMEWORKS.find(({ constructors }) => constructors.includes(callee.slice(callee.lastIndexOf('.') + 1)))?.name;
}

/** `def create_app(): app = Flask(...); return app`. */
function noteFactory(scope: Scope, found: Found, node: SyntaxNode): void {
  const name = node.getChild('VariableName');
  if (name === null || isInside(node, 'FunctionDefinition') || isInside(node, 'ClassDefinition')) return;
  const variable = textOf(scope, name);
  if (!/^(create|make|build|get)_?\w*app|^app_?factory/i.test(variable)) return;
  let framework: string | undefined;
  node.cursor().iterate((ref) => {
    if (ref.name === 'CallExpression') framework ??= frameworkOfCall(scope, ref.node);
  });
  if (framework !== undefined) found.apps.push({ variable, framework, line: lineOf(scope, node), factory: true });
}

const STARTERS =
  /^(?:[\w.]*\.)?(run|launch|serve|run_app|run_server|HTTPServer|ThreadingHTTPServer|TCPServer|serve_forever)$/;

function noteCall(scope: Scope, found: Found, node: SyntaxNode): void {
  const callee = calleeOf(scope, node);
  const args = argumentsOf(scope, node);
  if (callee.length < 80) found.calls.add(callee);
  const use = fileUse(scope, { callee, node, args });
  if (use !== undefined) found.files.push(use);
  if (STARTERS.test(callee)) noteBind(scope, found, { callee, args, line: lineOf(scope, node) });
}

function noteBind(
  scope: Scope,
  found: Found,
  { callee, args, line }: { callee: string; args: CallArguments; line: number },
): void {
  const read = (node: SyntaxNode | undefined): unknown => (node === undefined ? undefined : evaluate(scope, node));
  let [port, host] = [
    read(args.keyword.get('port') ?? args.keyword.get('server_port')),
    read(args.keyword.get('host') ?? args.keyword.get('server_name')),
  ];
  const address = read(args.positional[0]);
  if (callee.endsWith('Server') && Array.isArray(address)) [host, port] = address as [unknown, unknown];
  const number = typeof port === 'string' ? Number(port) : port;
  const known =
    typeof number === 'number' && Number.isInteger(number) && number > 0 && number < 65_536 ? number : undefined;
  found.binds.push({ callee, line, port: known, host: typeof host === 'string' ? host : undefined });
}

const NEWER_SYNTAX: Readonly<Record<string, readonly [string, string]>> = {
  MatchStatement: ['3.10', 'a match statement'],
  TypeParamList: ['3.12', 'type parameters'],
  TypeDefinition: ['3.12', 'a type statement'],
};

function noteSyntax(scope: Scope, found: Found, node: SyntaxNode): void {
  const newer = NEWER_SYNTAX[node.name];
  if (newer === undefined || (found.syntax !== undefined && found.syntax.version >= newer[0])) return;
  found.syntax = { version: newer[0], what: newer[1], line: lineOf(scope, node) };
}
