import { parser } from '@lezer/python';
import type { SyntaxNode, Tree } from '@lezer/common';
import { calleeOf, childrenOf, evaluate, type Scope } from './evaluate.ts';
import { learnNames } from './learn-names.ts';
import type { PythonModule } from './module.ts';
import { noteAppAssignment, noteReturn, resolveApps } from './read-app.ts';
import { noteCall } from './read-call.ts';
import { noteClass, noteFunction } from './read-definition.ts';
import { noteEnvironmentItem } from './read-environment.ts';
import { importsOf } from './read-import.ts';
import { importLines, isNestedTooDeeply } from './import-lines.ts';
import { preparesIn } from './read-main.ts';
import { readRoute } from './read-route.ts';
import { importsServer } from './imports-server.ts';
import { noteSyntax, olderPython, removedSince } from './read-syntax.ts';
import { createFound, type Found, type Scene } from './found.ts';
import { isMainBlock, type Surroundings, TOP, underCondition } from './surroundings.ts';

/** Reads one Python file; broken code gives what can be read of it. Nothing is executed. */
export function readModule(path: string, source: string): PythonModule {
  if (isNestedTooDeeply(source)) return importLines(path, source);
  const scope: Scope = { source, path, names: new Map() };
  const tree = parser.parse(source);
  const pieces = collect(scope, tree);
  const found = createFound();
  found.acts = childrenOf(tree.topNode).some((node) => doesSomething(node));
  for (const { node, around } of pieces) note({ scope, found, around }, node);
  const apps = resolveApps(found);
  const removed = removedSince(found, source);
  const { raw: _raw, returned: _returned, ...rest } = found;
  return {
    ...rest, path, read: 'whole', startsSomething: found.isScript || importsServer(found.imports), apps, names: sharedNames(scope.names), docstring: docstringOf(scope, tree.topNode),
    removed, python2: olderPython(scope, pieces, found.imports),
  }; // prettier-ignore
}

/** A call, a loop or a block with a resource; settings of logging and of paths are no deed. */
function doesSomething(node: SyntaxNode): boolean {
  if (node.name === 'ForStatement' || node.name === 'WhileStatement' || node.name === 'WithStatement') return true;
  const call = node.name === 'ExpressionStatement' ? node.firstChild : null;
  return call?.name === 'CallExpression' || call?.name === 'AwaitExpression';
}

export interface Piece {
  node: SyntaxNode;
  around: Surroundings;
}

/** Nodes that are looked at once all names are known. */
const LOOKED_AT = new Set(['ImportStatement', 'AssignStatement', 'CallExpression', 'DecoratedStatement', 'FunctionDefinition', 'ClassDefinition', 'ReturnStatement', 'MatchStatement', 'TypeParamList', 'TypeDefinition', 'NamedExpression', 'TypeDef', 'FormatSelfDoc', 'PrintStatement', 'TryStatement']); // prettier-ignore

/** One walk through the tree: learns names, and keeps the pieces that say something with their surroundings. */
function collect(scope: Scope, tree: Tree): Piece[] {
  const pieces: Piece[] = [];
  const outer: Surroundings[] = [];
  let around = TOP;
  tree.iterate({
    enter: (ref) => {
      const { name } = ref;
      if (name === 'AssignStatement' || name === 'ParamList' || name === 'CallExpression') learnNames(scope, ref.node);
      if (LOOKED_AT.has(name)) pieces.push({ node: ref.node, around });
      else if (name === 'MemberExpression' && isEnvironmentItem(scope.source, ref))
        pieces.push({ node: ref.node, around });
      else if (name === 'IfStatement' && isMainBlock(scope.source, ref.from)) pieces.push({ node: ref.node, around });
      const inner = within(around, scope, ref);
      if (inner === undefined) return;
      outer.push(around);
      around = inner;
    },
    leave: (ref) => {
      if (SURROUNDS.has(ref.name)) around = outer.pop() ?? TOP;
    },
  });
  return pieces;
}

const SURROUNDS = new Set(['FunctionDefinition', 'ClassDefinition', 'TryStatement', 'IfStatement', 'ConditionalExpression', 'LambdaExpression']); // prettier-ignore

/** What surrounds the parts of a node, if that differs from what surrounds the node. */
function within(
  around: Surroundings,
  scope: Scope,
  ref: { name: string; from: number; to: number; node: SyntaxNode },
): Surroundings | undefined {
  switch (ref.name) {
    case 'FunctionDefinition':
      return { ...around, inside: around.inside ?? nameAfter(scope, ref.node, around.ofClass), ofClass: undefined };
    case 'LambdaExpression':
      return { ...around, inside: around.inside ?? '<lambda>' };
    case 'ClassDefinition':
      return { ...around, ofClass: nameAfter(scope, ref.node, undefined) };
    case 'TryStatement':
      return { ...around, inTry: true };
    case 'IfStatement':
    case 'ConditionalExpression':
      return underCondition(around, scope.source, ref);
    default:
      return undefined;
  }
}

function nameAfter({ source }: Scope, node: SyntaxNode, owner: string | undefined): string {
  const name = node.getChild('VariableName');
  const own = name === null ? '?' : source.slice(name.from, name.to);
  return owner === undefined ? own : `${owner}.${own}`;
}

function isEnvironmentItem(source: string, { from, to }: { from: number; to: number }): boolean {
  return source[to - 1] === ']' && (source.startsWith('os.environ[', from) || source.startsWith('environ[', from));
}

/** What other files may take from this one: ports and paths of routes. Other texts, keys of services among them, are neither kept nor written anywhere. */
function sharedNames(names: Scope['names']): PythonModule['names'] {
  return new Map([...names].filter(([, value]) => (typeof value === 'number' || typeof value === 'string') && /^(?:\d{2,5}|\/[\w/{}.-]{0,80})$/.test(String(value))));
} // prettier-ignore

const MAX_DOCSTRING = 8000;

function docstringOf(scope: Scope, top: SyntaxNode): string | undefined {
  const first = childrenOf(top).find(({ name }) => name !== 'Comment');
  const value =
    first?.name === 'ExpressionStatement' && first.firstChild ? evaluate(scope, first.firstChild) : undefined;
  return typeof value === 'string' ? value.slice(0, MAX_DOCSTRING) : undefined;
}

function note(scene: Scene, node: SyntaxNode): void {
  const { scope, found, around } = scene;
  switch (node.name) {
    case 'ImportStatement':
      if (!around.typing) found.imports.push(...importsOf(scene, node));
      break;
    case 'AssignStatement':
      noteAppAssignment(scene, node);
      break;
    case 'CallExpression':
      noteCall(scene, node, calleeOf(scope, node));
      break;
    case 'DecoratedStatement':
      found.routes.push(...readRoute(scope, node));
      break;
    case 'FunctionDefinition':
      noteFunction(scene, node);
      break;
    case 'ClassDefinition':
      noteClass(scene, node);
      break;
    case 'ReturnStatement':
      noteReturn(scene, node);
      break;
    case 'MemberExpression':
      noteEnvironmentItem(scene, node);
      break;
    case 'IfStatement':
      noteMain(found, scope, node);
      break;
    default:
      noteSyntax(scene, node);
  }
}

function noteMain(found: Found, scope: Scope, node: SyntaxNode): void {
  found.isScript = true;
  found.preparesInMain ||= preparesIn(scope, node);
}
