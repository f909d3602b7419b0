import type { AppFacts } from '../detect/app.ts';
import type { StartPlace } from './start-place.ts';

/** The function that starts the server, and its replacement that listens on all addresses, as Python with the names `run` and `port`. */
const SERVERS: Readonly<Record<string, readonly [module: string, name: string, call: (port: number) => string]>> = {
  flask: ['flask', 'Flask.run', (port) => `lambda app, *a, **k: run(app, '0.0.0.0', ${port}, debug=False)`],
  socketio: ['flask_socketio', 'SocketIO.run', (port) => `lambda io, app, *a, **k: run(io, app, host='0.0.0.0', port=${port}, allow_unsafe_werkzeug=True)`],
  dash: ['dash', 'Dash.run', (port) => `lambda app, *a, **k: run(app, host='0.0.0.0', port=${port}, debug=False)`],
  bottle: ['bottle', 'run', (port) => `lambda *a, **k: run(*a, **{**k, 'host': '0.0.0.0', 'port': ${port}, 'reloader': False})`],
  aiohttp: ['aiohttp.web', 'run_app', (port) => `lambda *a, **k: run(*a, **{**k, 'host': '0.0.0.0', 'port': ${port}})`],
  uvicorn: ['uvicorn', 'run', (port) => `lambda *a, **k: run(*a, **{**k, 'host': '0.0.0.0', 'port': ${port}, 'reload': False})`],
}; // prettier-ignore

/** Flask-SocketIO brings a server that speaks WebSocket; others serve its pages without. */
export function isSocketApp({ bind, module }: AppFacts): boolean {
  return bind?.callee.endsWith('.run') === true && module.imports.some(({ module: name }) => name === 'flask_socketio') && /socket|^sio?\b|^io\b/i.test(bind.callee);
} // prettier-ignore

/**
 * A command that starts a file as `python file` does, with the one call that opens the port listening on all addresses. For programs that name
 * 127.0.0.1 (or nothing, which means the same) and whose application only starting the file makes ready. Undefined where no such call is known.
 */
export function launcher(app: AppFacts, place: StartPlace, port: number): string[] | undefined {
  const isUvicorn = app.bind?.callee === 'uvicorn.run' || app.kind === 'fastapi' || app.kind === 'starlette';
  const server = SERVERS[isSocketApp(app) ? 'socketio' : isUvicorn ? 'uvicorn' : app.kind];
  if (server === undefined || /['\\\n]/.test(place.script)) return undefined;
  const [module, name, call] = server;
  const run = place.asModule
    ? `runpy.run_module('${place.dotted}', run_name='__main__', alter_sys=True)`
    : `runpy.run_path('${place.script}', run_name='__main__')`;
  return ['python', '-c', `import runpy, ${module} as server; run = server.${name}; server.${name} = ${call(port)}; ${run}`];
} // prettier-ignore
