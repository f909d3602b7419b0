import type { SyntaxNode } from '@lezer/common';
import { argumentsOf, childrenOf, evaluate, lineOf, type Scope, textOf } from './evaluate.ts';
import { stringValue } from './literal.ts';
import type { PythonRoute } from './module.ts';
import { parametersOf } from './read-definition.ts';

const VERBS = new Set(['get', 'post', 'put', 'patch', 'delete', 'route', 'api_route', 'websocket']);
const MAX_HANDLER = 20_000;
const ASKS =
  /\.(?:predict|predict_proba|transform|generate|encode|infer|decision_function|score_samples|embed)\(|\b(?:model|pipe|pipeline|classifier|session|net)(?:\.run)?\(/;
const CHANGES =
  /\b(?:INSERT|DELETE|UPDATE|commit|delete|remove|unlink|rmtree|send_email|send_mail|charge|insert_one|create_all)\b|\bopen\([^)]*["'][wa]/;

/** Routes that decorators of a function declare: `@app.post("/predict")`, `@app.route("/", methods=["POST"])`. */
export function readRoute(scope: Scope, node: SyntaxNode): PythonRoute[] {
  const body = node.getChild('FunctionDefinition');
  const routes = node.getChildren('Decorator').flatMap((decorator) => routeOf(scope, decorator) ?? []);
  if (routes.length === 0 || body === null) return [];
  const name = body.getChild('VariableName');
  const rest = { ...handlerFacts(scope, body), handler: name === null ? '' : textOf(scope, name) };
  return routes.map((route) => ({ ...route, ...rest }));
}

/** What a function that answers takes and does. */
export function handlerFacts(scope: Scope, body: SyntaxNode): Pick<PythonRoute, 'keys' | 'asks' | 'parameters'> {
  const list = body.getChild('ParamList');
  const code = scope.source.slice(body.from, Math.min(body.to, body.from + MAX_HANDLER));
  return {
    keys: jsonKeys(code),
    asks: ASKS.test(code) && !CHANGES.test(code),
    parameters: list === null ? [] : parametersOf(scope, list),
  };
}

type Declared = Pick<PythonRoute, 'path' | 'methods' | 'owner' | 'line'>;

function routeOf(scope: Scope, decorator: SyntaxNode): Declared | undefined {
  const verb =
    decorator.getChildren('PropertyName').at(-1) ??
    childrenOf(decorator).findLast(({ name }) => name === 'VariableName');
  const word = verb === undefined ? '' : textOf(scope, verb);
  if (!VERBS.has(word)) return undefined;
  const { positional, keyword } = argumentsOf(scope, decorator);
  const given = positional[0] ?? keyword.get('path') ?? keyword.get('rule');
  const path = given === undefined ? undefined : evaluate(scope, given);
  if (typeof path !== 'string' || !(path === '' || path.startsWith('/'))) return undefined;
  const owner = /^@\s*([\w.]+)\.\w+/.exec(textOf(scope, decorator))?.[1] ?? '';
  const declared = { path, owner, line: lineOf(scope, decorator) };
  if (word !== 'route' && word !== 'api_route') return { ...declared, methods: [word.toUpperCase()] };
  const list = keyword.get('methods');
  const methods = list === undefined ? ['GET'] : evaluate(scope, list);
  return {
    ...declared,
    methods: Array.isArray(methods) ? methods.map((method) => String(method).toUpperCase()) : ['GET'],
  };
}

const JSON_SOURCE =
  /\b(\w{1,80})\s*(?::[^=\n]*)?=\s*(?:await\s+)?(?:flask\.)?request\.(?:get_json\([^)]*\)|json\b(?:\(\))?)/g;
const STRING = String.raw`("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')`;

/** Keys that a handler takes from the JSON object it is sent, in the order they are read. */
function jsonKeys(body: string): string[] {
  const variables = [...body.matchAll(JSON_SOURCE)].map(([, name = '']) => name);
  const sources = [...variables.map((name) => String.raw`\b${name}`), String.raw`request\.(?:get_json\([^)]*\)|json)`];
  const keys = new Set<string>();
  for (const source of sources.slice(0, 8))
    for (const [, indexed, got] of body.matchAll(
      new RegExp(`${source}(?:\\[\\s*${STRING}\\s*\\]|\\.get\\(\\s*${STRING})`, 'g'),
    )) {
      const key = stringValue(indexed ?? got ?? '');
      if (key !== undefined) keys.add(key);
    }
  return [...keys];
}
