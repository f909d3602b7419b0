import type { SyntaxNode } from '@lezer/common';
import { FRAMEWORKS } from '../data/frameworks.ts';
import { argumentsOf, calleeOf, childrenOf, evaluate, lineOf, type Scope, textOf } from './evaluate.ts';
import type { Found, Scene } from './found.ts';
import type { AppVariable } from './module.ts';

const CONSTRUCTORS = new Set(FRAMEWORKS.flatMap(({ constructors }) => constructors));
const ROUTERS = new Set(['APIRouter', 'Blueprint', 'Router']);

function lastName(callee: string): string {
  return callee.slice(callee.lastIndexOf('.') + 1);
}

/** `app = Flask(__name__)`, `app = create_app()`, `router = APIRouter(prefix="/v1")`, `with gr.Blocks() as demo` by its own rule. */
export function noteAppAssignment({ scope, found, around }: Scene, node: SyntaxNode): void {
  const parts = childrenOf(node);
  const [target, value] = [parts[0], withoutBrackets(parts.at(-1))];
  if (target !== undefined && value?.name === 'MemberExpression') noteServer({ scope, found, around }, target, value);
  if (target === undefined || value?.name !== 'CallExpression') return;
  const variable = textOf(scope, target);
  if (variable.length > 80 || (target.name !== 'VariableName' && target.name !== 'MemberExpression')) return;
  const callee = calleeOf(scope, value);
  const name = lastName(callee);
  const line = lineOf(scope, node);
  const { inside, inMain } = around;
  if (CONSTRUCTORS.has(name)) {
    const isPlain = target.name === 'VariableName' && around.ofClass === undefined;
    found.raw.push({ variable: isPlain ? variable : undefined, constructor: name, line, inside, inMain });
  } else if (ROUTERS.has(name)) {
    noteRouter({ scope, found, around }, variable, value);
  } else if (target.name === 'VariableName' && inside === undefined && !inMain && around.ofClass === undefined) {
    found.assigned.push({ variable, callee, line });
  }
}

/** `server = app.server`: the WSGI application of a Dash app. */
function noteServer({ scope, found, around }: Scene, target: SyntaxNode, value: SyntaxNode): void {
  const callee = textOf(scope, value).slice(0, 80);
  const isTop = around.inside === undefined && !around.inMain && around.ofClass === undefined;
  if (isTop && target.name === 'VariableName' && /^\w+\.server$/.test(callee))
    found.assigned.push({ variable: textOf(scope, target), callee, line: lineOf(scope, value) });
}

function withoutBrackets(node: SyntaxNode | undefined): SyntaxNode | undefined {
  return node?.name === 'ParenthesizedExpression' ? (node.firstChild?.nextSibling ?? undefined) : node;
}

function noteRouter({ scope, found }: Scene, variable: string, call: SyntaxNode): void {
  const { keyword } = argumentsOf(scope, call);
  const given = keyword.get('prefix') ?? keyword.get('url_prefix');
  found.routers.push({ variable, ...prefixOf(scope, given), line: lineOf(scope, call), into: undefined });
}

/** `app.include_router(items.router, prefix="/items")`, `app.register_blueprint(bp, url_prefix="/api")`. */
export function noteInclusion({ scope, found }: Scene, node: SyntaxNode): void {
  const { positional, keyword } = argumentsOf(scope, node);
  const router = positional[0] ?? keyword.get('router') ?? keyword.get('blueprint');
  const into = calleeOf(scope, node).split('.').slice(0, -1).join('.');
  if (router === undefined || into === '') return;
  const given = keyword.get('prefix') ?? keyword.get('url_prefix');
  const variable = textOf(scope, router).slice(0, 80);
  found.routers.push({ variable, ...prefixOf(scope, given), line: lineOf(scope, node), into });
}

function prefixOf(
  scope: Scope,
  given: SyntaxNode | undefined,
): { prefix: string | undefined; prefixName: string | undefined } {
  if (given === undefined) return { prefix: '', prefixName: undefined };
  const value = evaluate(scope, given);
  const prefixName = /(?:^|\.)([A-Za-z_]\w*)$/.exec(textOf(scope, given).slice(-80))?.[1];
  return { prefix: typeof value === 'string' ? value : undefined, prefixName };
}

/** `with gr.Blocks() as demo:` makes an application too. */
export function noteWithApp({ scope, found, around }: Scene, call: SyntaxNode, callee: string): void {
  const as = call.nextSibling;
  const name = call.parent?.name === 'WithStatement' && as?.name === 'as' ? as.nextSibling : null;
  const variable = name?.name === 'VariableName' ? textOf(scope, name) : undefined;
  const { inside, inMain } = around;
  found.raw.push({ variable, constructor: lastName(callee), line: lineOf(scope, call), inside, inMain });
}

export function isAppConstructor(callee: string): boolean {
  return CONSTRUCTORS.has(lastName(callee));
}

/** What a function gives back, for those that make an application. */
export function noteReturn({ scope, found, around }: Scene, node: SyntaxNode): void {
  const value = node.lastChild;
  if (around.inside === undefined || around.inside.includes('.') || value === null) return;
  const names = found.returned.get(around.inside) ?? new Set<string>();
  if (value.name === 'VariableName') names.add(textOf(scope, value));
  if (value.name === 'CallExpression') names.add(`<call ${lastName(calleeOf(scope, value))}>`);
  found.returned.set(around.inside, names);
}

/** The applications among what was found, once it is known which frameworks the file imports. */
export function resolveApps(found: Found): AppVariable[] {
  const imported = new Set(found.imports.map(({ module }) => module.split('.')[0] ?? ''));
  const apps = new Map<string, AppVariable>();
  const keep = (app: AppVariable): void => {
    const known = apps.get(app.variable);
    if (known === undefined || (app.importable && !known.importable)) apps.set(app.variable, app);
  };
  for (const { variable, constructor, line, inside, inMain } of found.raw) {
    const framework = FRAMEWORKS.find(
      ({ constructors, modules }) => constructors.includes(constructor) && modules.some((name) => imported.has(name)),
    )?.name;
    if (framework === undefined) continue;
    const returned = inside === undefined ? undefined : found.returned.get(inside);
    if (inside !== undefined && (returned?.has(variable ?? '') === true || returned?.has(`<call ${constructor}>`) === true)) {
      const maker = found.functions.find(({ name }) => name === inside);
      const isFree = maker?.parameters.every(({ name, fallback }) => fallback !== undefined || name.startsWith('*')) ?? false;
      keep({ variable: inside, framework, line: maker?.line ?? line, factory: true, importable: isFree });
    } else {
      const importable = variable !== undefined && inside === undefined && !inMain;
      keep({ variable: variable ?? `<${constructor}>`, framework, line, factory: false, importable });
    }
  } // prettier-ignore
  return [...apps.values()];
}
