import type { SyntaxNode } from '@lezer/common';
import { argumentsOf, evaluate, lineOf, textOf } from './evaluate.ts';
import type { Scene } from './found.ts';
import { sourceOfValue } from './learn-names.ts';
import type { Literal } from './literal.ts';
import type { Bind } from './module.ts';

/** Last names of calls that start a server, or make one that is started later. */
export const STARTERS: ReadonlySet<string> = new Set(['run', 'launch', 'serve', 'run_app', 'run_server', 'run_simple', 'HTTPServer', 'ThreadingHTTPServer', 'TCPServer', 'ThreadingTCPServer', 'UDPServer', 'make_server', 'WSGIServer', 'listen', 'serve_forever', 'add_insecure_port', 'TCPSite', 'Config', 'queue', 'ModelServer', 'run_until_disconnected']); // prettier-ignore

/** The same names on objects that are no servers. */
const NO_SERVER =
  /^(?:subprocess|asyncio|anyio|trio|unittest|sess|session|sp|tf|self\.sess|mlflow|ray|loop|runner|trainer|pytest|nest_asyncio|shutil|os|redis|pd|np)\.|^(?:run|queue|Config|serve)$|(?:^|\.)(?:session|sess|trainer|pipeline|chain|agent|model|engine|graph|executor|cmd|command|process)\.run$/;
const SERVED_BY_NAME = /^(?:serve|run)$/;
const ADDRESS_FIRST = new Set(['HTTPServer', 'ThreadingHTTPServer', 'TCPServer', 'ThreadingTCPServer', 'UDPServer', 'WSGIServer']); // prettier-ignore

/** A call that starts a server: `uvicorn.run(app, port=8000)`, `app.run(host="0.0.0.0")`, `HTTPServer(("", 80), Handler)`. */
export function noteBind(scene: Scene, node: SyntaxNode, callee: string): void {
  const { scope, found } = scene;
  const name = callee.slice(callee.lastIndexOf('.') + 1);
  if (NO_SERVER.test(callee) && !isServingFunction(scene, callee)) return;
  if (callee === 'app.run' && found.imports.some(({ module, as }) => module === 'absl' && as.includes('app'))) return;
  if (name === 'queue' || (name === 'Config' && callee !== 'uvicorn.Config')) return;
  const { positional, keyword } = argumentsOf(scope, node);
  const places = placesOf(scene, name, positional);
  const portNode = keyword.get('port') ?? keyword.get('server_port') ?? keyword.get('http_port') ?? places.port;
  const hostNode =
    keyword.get('host') ?? keyword.get('server_name') ?? keyword.get('address') ?? keyword.get('hostname') ?? places.host; // prettier-ignore
  const first = positional[0];
  const target = first === undefined ? undefined : evaluate(scope, first);
  found.binds.push({
    callee,
    line: lineOf(scope, node),
    port: portOf(portNode === undefined ? undefined : evaluate(scope, portNode)),
    host: hostOf(hostNode === undefined ? undefined : evaluate(scope, hostNode)),
    target: typeof target === 'string' ? target : first === undefined ? undefined : textOf(scope, first).slice(0, 80),
    portName:
      portNode === undefined ? undefined : /(?:^|\.)([A-Za-z_]\w*)$/.exec(textOf(scope, portNode).slice(-80))?.[1],
    portFrom: portNode === undefined ? undefined : sourceOfValue(scope, portNode),
    hostFrom: hostNode === undefined ? undefined : sourceOfValue(scope, hostNode),
    ...addressOf(scene, name, first),
  });
}

/** `serve(app, host=…)` of waitress, `run(host=…)` of bottle: names that say nothing unless they are imported from there. */
function isServingFunction({ found }: Scene, callee: string): boolean {
  if (!SERVED_BY_NAME.test(callee)) return false;
  const names = found.imports.filter(({ module }) => /^(?:waitress|bottle|hypercorn|uvicorn|granian|meinheld|bjoern|nicegui|websockets)/.test(module)); // prettier-ignore
  return names.some(({ as }) => as.includes(callee) || as.includes('*'));
}

/** Where host and port stand among the arguments without names. */
function placesOf(
  { found }: Scene,
  name: string,
  positional: readonly SyntaxNode[],
): { host?: SyntaxNode | undefined; port?: SyntaxNode | undefined } {
  const isFlask = found.imports.some(({ module }) => /^(?:flask|dash|quart)\b/i.test(module));
  if (name === 'run' && isFlask) return { host: positional[0], port: positional[1] };
  if (name === 'make_server') return { host: positional[0], port: positional[1] };
  if (name === 'run_simple') return { host: positional[0], port: positional[1] };
  if (name === 'listen') return { port: positional[0], host: positional[1] };
  if (name === 'serve' && found.imports.some(({ module }) => module.startsWith('websockets'))) return { host: positional[1], port: positional[2] }; // prettier-ignore
  if (name === 'TCPSite') return { host: positional[1], port: positional[2] };
  return {};
}

function portOf(value: Literal | undefined): number | undefined {
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isInteger(number) && number > 0 && number < 65_536 ? number : undefined;
}

function hostOf(value: Literal | undefined): string | undefined {
  return typeof value === 'string' && /^[\w.:[\]-]{0,100}$/.test(value) ? value : undefined;
}

/** Servers that take `(host, port)`, and those that take `"[::]:50051"`. */
function addressOf(
  { scope }: Scene,
  name: string,
  first: SyntaxNode | undefined,
): Partial<Pick<Bind, 'host' | 'port' | 'hostFrom' | 'portFrom'>> {
  if (first === undefined) return {};
  const value = evaluate(scope, first);
  if (name === 'add_insecure_port') {
    const match = typeof value === 'string' ? /^(.*):(\d+)$/.exec(value) : null;
    return match === null ? {} : { host: hostOf(match[1]), port: portOf(match[2]) };
  }
  if (!ADDRESS_FIRST.has(name)) return {};
  const parts = first.name === 'TupleExpression' ? [first.firstChild?.nextSibling, first.lastChild?.prevSibling] : [];
  const [hostFrom, portFrom] = parts.map((part) => (part === null || part === undefined ? undefined : sourceOfValue(scope, part)));
  const [host, port] = Array.isArray(value)
    ? (value as Literal[])
    : parts.map((part) => (part === null || part === undefined ? undefined : evaluate(scope, part)));
  return { host: hostOf(host), port: portOf(port), hostFrom, portFrom };
} // prettier-ignore
