import type { SyntaxNode } from '@lezer/common';
import { argumentsOf, calleeOf, evaluate, lineOf, type Scope, textOf } from './evaluate.ts';
import type { Scene } from './found.ts';
import type { PythonRoute } from './module.ts';
import { handlerFacts } from './read-route.ts';

/** Last names of calls that declare a route, with the methods that they mean by themselves. */
export const ROUTE_CALLS: ReadonlyMap<string, readonly string[]> = new Map([
  ['Route', ['GET']],
  ['add_url_rule', ['GET']],
  ['add_api_route', ['GET']],
  ['add_route', ['GET']],
  ['add_get', ['GET']],
  ['add_post', ['POST']],
  ['add_put', ['PUT']],
]);

/** `Route("/predict", predict, methods=["POST"])`, `app.add_url_rule("/x", view_func=f)`, `app.router.add_post("/x", f)`. */
export function noteRouteCall({ scope, found }: Scene, node: SyntaxNode): void {
  const callee = calleeOf(scope, node);
  const usual = ROUTE_CALLS.get(callee.slice(callee.lastIndexOf('.') + 1)) ?? ['GET'];
  const { positional, keyword } = argumentsOf(scope, node);
  const given = positional[0] ?? keyword.get('path') ?? keyword.get('rule');
  const path = given === undefined ? undefined : evaluate(scope, given);
  if (typeof path !== 'string' || !path.startsWith('/')) return;
  const handler = keyword.get('view_func') ?? keyword.get('endpoint') ?? positional.slice(1).find(({ name }) => name === 'VariableName');
  const name = handler === undefined ? '' : textOf(scope, handler);
  const list = keyword.get('methods');
  const methods = list === undefined ? usual : evaluate(scope, list);
  const route: PythonRoute = {
    path, owner: callee.includes('.') ? (callee.split('.')[0] ?? '') : '', line: lineOf(scope, node), handler: name,
    methods: Array.isArray(methods) ? methods.map((method) => String(method).toUpperCase()) : usual,
    ...definitionFacts(scope, node, name),
  };
  found.routes.push(route);
} // prettier-ignore

/** What the function of that name at the top of the file takes and does. */
function definitionFacts(scope: Scope, node: SyntaxNode, name: string): Pick<PythonRoute, 'keys' | 'asks' | 'parameters'> {
  let top = node;
  for (let parent = node.parent; parent !== null; parent = parent.parent) top = parent;
  const definition = top.getChildren('FunctionDefinition').find((item) => {
    const own = item.getChild('VariableName');
    return own !== null && textOf(scope, own) === name;
  });
  return definition === undefined ? { keys: [], asks: false, parameters: [] } : handlerFacts(scope, definition);
} // prettier-ignore
