import type { SyntaxNode } from '@lezer/common';
import { argumentsOf, childrenOf, evaluate, lineOf, type Scope, textOf } from './evaluate.ts';
import { stringValue } from './literal.ts';
import type { PythonRoute } from './module.ts';

const VERBS = new Set(['get', 'post', 'put', 'patch', 'delete', 'route', 'api_route']);

/** Routes that decorators of a function declare: `@app.post("/predict")`, `@app.route("/", methods=["POST"])`. */
export function readRoute(scope: Scope, node: SyntaxNode): PythonRoute[] {
  const body = node.getChild('FunctionDefinition');
  const keys = body === null ? [] : jsonKeys(textOf(scope, body));
  return node.getChildren('Decorator').flatMap((decorator) => {
    const route = routeOf(scope, decorator);
    return route === undefined ? [] : [{ ...route, line: lineOf(scope, decorator), keys }];
  });
}

function routeOf(scope: Scope, decorator: SyntaxNode): { path: string; methods: string[] } | undefined {
  const verb =
    decorator.getChildren('PropertyName').at(-1) ??
    childrenOf(decorator).findLast(({ name }) => name === 'VariableName');
  const word = verb === undefined ? '' : textOf(scope, verb);
  if (!VERBS.has(word)) return undefined;
  const { positional, keyword } = argumentsOf(scope, decorator);
  const path = positional[0] === undefined ? undefined : evaluate(scope, positional[0]);
  if (typeof path !== 'string' || !path.startsWith('/')) return undefined;
  if (word !== 'route' && word !== 'api_route') return { path, methods: [word.toUpperCase()] };
  const list = keyword.get('methods');
  const methods = list === undefined ? ['GET'] : evaluate(scope, list);
  return { path, methods: Array.isArray(methods) ? methods.map((method) => String(method).toUpperCase()) : ['GET'] };
}

const JSON_SOURCE =
  /\b(\w{1,80})\s*(?::[^=\n]*)?=\s*(?:await\s+)?(?:flask\.)?request\.(?:get_json\([^)]*\)|json\b(?:\(\))?)/g;
const STRING = String.raw`("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')`;

/** Keys that a handler takes from the JSON object it is sent, in the order they are read. */
function jsonKeys(body: string): string[] {
  const variables = [...body.matchAll(JSON_SOURCE)].map(([, name = '']) => name);
  const sources = [...variables.map((name) => String.raw`\b${name}`), String.raw`request\.(?:get_json\([^)]*\)|json)`];
  const keys = new Set<string>();
  for (const source of sources)
    for (const [, indexed, got] of body.matchAll(
      new RegExp(`${source}(?:\\[\\s*${STRING}\\s*\\]|\\.get\\(\\s*${STRING})`, 'g'),
    )) {
      const key = stringValue(indexed ?? got ?? '');
      if (key !== undefined) keys.add(key);
    }
  return [...keys];
}
