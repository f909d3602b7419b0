import type { SyntaxNode } from '@lezer/common';
import { calleeOf, childrenOf, type Scope, textOf } from './evaluate.ts';

/** Calls that start, say or read something, and prepare nothing that the program needs later. */
const HARMLESS =
  /(?:^|\.)(?:run|launch|serve|run_app|run_server|run_simple|serve_forever|start|print|basicConfig|getLogger|info|debug|warning|setLevel|parse_args|parse_known_args|add_argument|ArgumentParser|freeze_support|set_start_method|load_dotenv|getenv|get|int|str|bool|float|exit|listen|current|HTTPServer|execute_from_command_line|filterwarnings|simplefilter|bool|format|join|device_count|is_available)$/;
const HARMLESS_STATEMENTS = new Set(['ImportStatement', 'Comment', 'PassStatement', 'ScopeStatement', ':', 'ReturnStatement']); // prettier-ignore

/** True if the `__main__` block does more than starting: loads a model, makes tables. */
export function preparesIn(scope: Scope, ifStatement: SyntaxNode): boolean {
  const body = ifStatement.getChild('Body');
  return body !== null && prepares(scope, body, 0);
}

function prepares(scope: Scope, body: SyntaxNode, depth: number): boolean {
  if (depth > 4) return true;
  return childrenOf(body).some((statement) => statementPrepares(scope, statement, depth));
}

function statementPrepares(scope: Scope, statement: SyntaxNode, depth: number): boolean {
  if (HARMLESS_STATEMENTS.has(statement.name)) return false;
  if (statement.name === 'ExpressionStatement' || statement.name === 'AssignStatement')
    return expressionPrepares(scope, statement, depth);
  if (statement.name === 'IfStatement' || statement.name === 'TryStatement' || statement.name === 'StatementGroup')
    return statement.getChildren('Body').some((body) => prepares(scope, body, depth + 1));
  return statement.name === 'WithStatement' || statement.name === 'ForStatement';
}

/** The calls outside of the arguments of a harmless one. */
function expressionPrepares(scope: Scope, statement: SyntaxNode, depth: number): boolean {
  const parts = childrenOf(statement);
  if (parts.every(({ name }) => name === 'String' || name === 'ContinuedString')) return false;
  const value = parts.at(-1);
  const call = value?.name === 'AwaitExpression' ? (value.lastChild ?? undefined) : value;
  if (call?.name !== 'CallExpression') return false;
  const callee = calleeOf(scope, call);
  if (HARMLESS.test(callee)) return false;
  const local = /^\w+$/.test(callee) ? localFunction(scope, call, callee) : undefined;
  const isMain = /^(?:main|run_\w+|start_\w*|serve\w*)$/.test(callee);
  return !(isMain && local !== undefined && !prepares(scope, local, depth + 1));
}

function localFunction(scope: Scope, node: SyntaxNode, name: string): SyntaxNode | undefined {
  let top = node;
  for (let parent = node.parent; parent !== null; parent = parent.parent) top = parent;
  const definition = top.getChildren('FunctionDefinition').find((item) => {
    const own = item.getChild('VariableName');
    return own !== null && textOf(scope, own) === name;
  });
  return definition?.getChild('Body') ?? undefined;
}
