import { frameworkNamed } from '../data/frameworks.ts';
import type { AppFacts } from '../detect/app.ts';
import type { ProjectFacts } from '../detect/project.ts';
import { folderOf } from '../files.ts';
import type { Finding } from './plan.ts';
import { djangoCommand } from './django-command.ts';
import { isSocketApp, launcher } from './launcher.ts';
import { serverOptions } from './server-options.ts';
import { below, type StartPlace } from './start-place.ts';

export interface Command {
  command: readonly string[];
  why: string;
  environment?: Readonly<Record<string, string>>;
  /** Another folder than the one that was worked out. */
  directory?: string;
  extra?: readonly string[];
  findings?: readonly Finding[];
}

export interface Ways {
  place: StartPlace;
  port: number;
  /** Distributions that the manifest names. */
  listed: ReadonlySet<string>;
}

/** The command that starts an app on all addresses of its container. */
export function startCommandOf(facts: ProjectFacts, app: AppFacts, ways: Ways): Command {
  const own = OWN_COMMANDS[app.kind];
  if (own !== undefined) return own(app, ways);
  if (app.kind === 'django') return djangoCommand(facts, app, ways);
  const protocol = frameworkNamed(app.kind)?.protocol ?? 'own';
  const mustStart = protocol !== 'own' && app.variable !== undefined && !isTakable(app, ways);
  if (mustStart) return started(app, ways);
  if (protocol === 'wsgi') return wsgi(app, ways);
  if (protocol === 'asgi') return asgi(app, ways);
  return script(app, ways);
}

/** A server can take the application out of its file and finds it ready. */
function isTakable(app: AppFacts, { listed }: Ways): boolean {
  if (!app.importable) return false;
  const isMeant = listed.has('gunicorn') || listed.has('waitress') || (app.hint?.command?.target !== undefined && app.hint.weight > 100);
  if (isSocketApp(app) && !isMeant) return false;
  const isStarted = app.bind?.target !== undefined && app.bind.target.includes(':');
  return isMeant || isStarted || !(app.module.parsesArguments || app.module.preparesInMain);
} // prettier-ignore

/** How Python starts a file: by its path, as a part of its package, or by the function that an installed command calls. */
function python({ module, hint }: AppFacts, { place }: Ways): readonly string[] {
  const called = hint?.command?.program === 'console' ? hint.command.target?.variable : undefined;
  if (called !== undefined && !module.isScript) return ['python', '-c', `from ${place.dotted} import ${called.split('.')[0] ?? ''}; ${called}()`];
  return ['python', ...(place.asModule ? ['-m', place.dotted.replace(/\.__main__$/, '')] : [place.script])];
} // prettier-ignore

const OWN_COMMANDS: Readonly<Record<string, (app: AppFacts, ways: Ways) => Command>> = {
  streamlit: (_, { place, port }) => ({
    command: ['streamlit', 'run', place.script, '--server.address=0.0.0.0', `--server.port=${port}`, '--server.headless=true', '--browser.gatherUsageStats=false'],
    why: `${place.script} is a Streamlit page`,
  }),
  chainlit: (_, { place, port }) => ({
    command: ['chainlit', 'run', place.script, '--headless', '--host', '0.0.0.0', '--port', String(port)],
    why: `${place.script} is a Chainlit page`,
  }),
  panel: (_, { place, port }) => ({
    command: ['panel', 'serve', place.script, '--address', '0.0.0.0', '--port', String(port), '--allow-websocket-origin=*'],
    why: `${place.script} is a Panel page`,
  }),
  shiny: (_, { place, port }) => ({
    command: ['shiny', 'run', '--host', '0.0.0.0', '--port', String(port), place.script], why: `${place.script} is a Shiny app`,
  }),
  bentoml: ({ variable }, { place, port }) => ({
    command: ['bentoml', 'serve', `${place.dotted}:${variable ?? 'svc'}`, '--host', '0.0.0.0', '--port', String(port)], why: `${variable ?? place.dotted} is a BentoML service`,
  }),
  sanic: ({ variable, factory }, { place, port }) => ({
    command: ['sanic', `${place.dotted}:${variable ?? 'app'}`, ...(factory ? ['--factory'] : []), '--host=0.0.0.0', `--port=${port}`], why: `${place.dotted} holds a Sanic app`,
  }),
  'ray-serve': ({ variable }, { place, port }) => ({
    command: ['python', '-c', `from ray import serve; serve.start(http_options={'host': '0.0.0.0', 'port': ${port}}); from ${place.dotted} import ${variable ?? 'app'} as app; serve.run(app, blocking=True)`],
    why: `${variable ?? place.dotted} is a Ray Serve application`,
  }),
  gradio: (app, ways) => ({
    command: [...python(app, ways), ...(bindOptions(app)?.words ?? [])], why: `${ways.place.script} launches a Gradio page`,
    environment: { GRADIO_SERVER_NAME: '0.0.0.0', GRADIO_SERVER_PORT: String(ways.port), ...bindOptions(app)?.environment },
    findings: bindOptions(app) === undefined ? localOnly(app, ways) : [],
  }),
  bottle: (app, ways) => bottle(app, ways),
  handler: ({ variable }, { place, port }) => ({
    command: ['python', '-m', 'berth_serving', '--handler', `${place.dotted}:${variable ?? 'predict'}`, '--port', String(port)],
    environment: { HOST: '0.0.0.0' },
    why: `${variable ?? 'predict'} of ${place.script} answers requests, and nothing in the project serves it: the serving runtime calls it`,
  }),
  notebook: ({ module }, { port, place }) => ({
    command: ['jupyter', 'lab', '--ip=0.0.0.0', `--port=${port}`, '--no-browser', '--ServerApp.root_dir=.', `--LabApp.default_url=/lab/tree/${encodeURI(below(place.directory, module.path))}`],
    extra: ['jupyterlab'], why: `nothing but notebooks is here, and ${module.path} is the first`,
  }),
}; // prettier-ignore

/** Programs that bring their server: started themselves, with what makes them listen on all addresses. */
function script(app: AppFacts, ways: Ways): Command {
  const { place } = ways;
  const why: Record<string, string> = {
    http: `${place.script} starts a server of the standard library`,
    script: `${place.script} is the program of this project`,
  };
  const options = bindOptions(app);
  const local = isLocal(app.bind?.host);
  if (local && options === undefined && app.kind === 'aiohttp') return started(app, ways);
  return {
    command: [...python(app, ways), ...(options?.words ?? [])],
    environment: options?.environment ?? {},
    why: why[app.kind] ?? `${place.script} starts the ${app.kind} server`,
    findings: options === undefined ? localOnly(app, ways) : [],
  };
}

/** Bottle has a server of its own that takes an application by name. */
function bottle(app: AppFacts, ways: Ways): Command {
  const { place, port, listed } = ways;
  if (!isTakable(app, ways)) return started(app, ways);
  if (listed.has('gunicorn') || listed.has('waitress')) return wsgi(app, ways);
  const target = `${place.dotted}:${app.variable ?? 'app'}${app.factory ? '()' : ''}`;
  return { command: ['python', '-m', 'bottle', '--bind', `0.0.0.0:${port}`, target], why: `${target} is a Bottle app`, findings: [developmentServer(app)] };
} // prettier-ignore

/** The option or the variable of the environment that the code takes its host from. */
function bindOptions({ bind }: AppFacts): { words: string[]; environment: Record<string, string> } | undefined {
  const from = bind?.hostFrom;
  if (from?.option !== undefined) return { words: [from.option, '0.0.0.0'], environment: {} };
  if (from?.variable !== undefined) return { words: [], environment: { [from.variable]: '0.0.0.0' } };
  return undefined;
}

/** An application that only starting its file makes, or makes ready. */
function started(app: AppFacts, ways: Ways): Command {
  const { place } = ways;
  const reason = isSocketApp(app) ? 'it brings a server for WebSocket' : app.importable ? 'its __main__ block prepares what it needs' : 'the application is made when the file is started';
  const why = `${place.script} is started itself: ${reason}`;
  const options = bindOptions(app);
  const isOpen = app.bind?.host === '0.0.0.0' || app.bind?.host === '::' || app.bind?.host === '';
  if (options !== undefined) return { command: [...python(app, ways), ...options.words], environment: options.environment, why };
  if (isOpen || app.bind === undefined) return { command: python(app, ways), why, findings: [developmentServer(app)] };
  const launched = launcher(app, place, ways.port);
  if (launched === undefined) return { command: python(app, ways), why, findings: localOnly(app, ways) };
  return { command: launched, why: `${why}, on all addresses instead of its own`, findings: app.kind === 'flask' ? [developmentServer(app)] : [] };
} // prettier-ignore

/** What a WSGI server imports of a Dash app. */
function serverOfDash({ variable = 'app', module }: AppFacts): string {
  return module.assigned.find(({ callee }) => callee === `${variable}.server`)?.variable ?? `${variable}.server`;
}

function wsgi(app: AppFacts, { place, port, listed }: Ways): Command {
  const own = app.variable ?? 'app';
  const served = `${place.dotted}:${app.kind === 'dash' ? serverOfDash(app) : own}${app.factory ? '()' : ''}`;
  const asked = app.hint?.command?.program;
  const name = `a ${app.kind === 'dash' ? 'Dash' : app.kind === 'flask' ? 'Flask' : 'WSGI'} app`;
  // gunicorn takes names and calls, and no attribute of a name.
  const isName = !served.slice(served.indexOf(':')).includes('.');
  if (isName && (listed.has('gunicorn') || asked === 'gunicorn'))
    return {
      command: ['gunicorn', '--bind', `0.0.0.0:${port}`, ...serverOptions(app.hint, 'gunicorn', ['--access-logfile', '-']), served],
      why: `${name}, and gunicorn is among the requirements`,
      extra: listed.has('gunicorn') ? [] : ['gunicorn'],
    };
  if (listed.has('waitress') || asked === 'waitress-serve' || (!isName && listed.has('gunicorn')))
    return {
      command: ['waitress-serve', '--host=0.0.0.0', `--port=${port}`, ...(app.factory ? ['--call'] : []), served.replace('()', '')],
      why: isName || listed.has('waitress') ? `${name}, and waitress is among the requirements` : `${name} without a variable for its server, which gunicorn would need`,
      extra: listed.has('waitress') ? [] : ['waitress'],
    };
  if (app.kind === 'flask')
    return {
      command: ['flask', 'run', '--host=0.0.0.0', `--port=${port}`], environment: { FLASK_APP: served.replace(/\(\)$/, '') },
      why: `${served} is a Flask app; Flask's own server, since no other is among the requirements`, findings: [developmentServer(app)],
    };
  if (app.kind === 'dash' && app.bind !== undefined && app.bind.host === undefined)
    return {
      command: ['python', place.script], environment: { HOST: '0.0.0.0', PORT: String(port) }, why: `${place.script} starts a Dash page`, findings: [developmentServer(app)],
    };
  if (!isName)
    return {
      command: ['waitress-serve', '--host=0.0.0.0', `--port=${port}`, served], extra: ['waitress'],
      why: `${name}; waitress is installed too, since no server is among the requirements`, findings: [noServer(app, served, 'waitress')],
    };
  return {
    command: ['gunicorn', '--bind', `0.0.0.0:${port}`, '--access-logfile', '-', served], extra: ['gunicorn'],
    why: `${name}; gunicorn is installed too, since no server is among the requirements`, findings: [noServer(app, served, 'gunicorn')],
  };
} // prettier-ignore

function asgi(app: AppFacts, { place, port, listed }: Ways): Command {
  const target = `${place.dotted}:${app.variable ?? 'app'}`;
  const factory = app.factory ? ['--factory'] : [];
  const names: Record<string, string> = { fastapi: 'FastAPI', starlette: 'Starlette', litestar: 'Litestar', quart: 'Quart', shiny: 'Shiny' };
  const why = `${target} is a ${names[app.kind] ?? app.kind} app`;
  const asked = app.hint?.command?.program;
  const workers = app.hint?.command?.words.some((word) => word.includes('uvicorn')) === true || listed.has('uvicorn-worker');
  if (asked === 'gunicorn' && workers)
    return {
      command: ['gunicorn', '--bind', `0.0.0.0:${port}`, ...serverOptions(app.hint, 'gunicorn', []), target], why: `${why}, and gunicorn starts uvicorn's workers`,
    };
  const isHypercorn = app.kind === 'quart' || asked === 'hypercorn' || (!listed.has('uvicorn') && listed.has('hypercorn'));
  if (isHypercorn)
    return { command: ['hypercorn', '--bind', `0.0.0.0:${port}`, app.factory ? `${target}()` : target], why: `${why}, and hypercorn ${app.kind === 'quart' ? 'comes with it' : 'is among the requirements'}` };
  const command = ['uvicorn', target, ...factory, '--host', '0.0.0.0', '--port', String(port), ...serverOptions(app.hint, 'uvicorn', [])];
  const has = ['uvicorn', 'uvicorn[standard]', 'fastapi[standard]', 'fastapi[all]', 'gradio', 'mlflow', 'litestar[standard]', 'shiny', 'bentoml', 'chromadb', 'ray[serve]'].some((name) => listed.has(name));
  if (has) return { command, why };
  return {
    command, why: `${why}; uvicorn is installed too, since no server is among the requirements`, extra: ['uvicorn'], findings: [noServer(app, target, 'uvicorn')],
  };
} // prettier-ignore

function noServer({ module, line }: AppFacts, target: string, server: string): Finding {
  return {
    code: 'no-server', severity: 'warning', file: module.path, line, message: `${target} needs a server, and no requirement brings one: ${server} is installed too`,
    fix: `add ${server} to the requirements`,
  }; // prettier-ignore
}

export function developmentServer(app: AppFacts): Finding {
  return {
    code: 'development-server', severity: 'note', file: app.module.path, line: app.line, message: 'it is served by the development server of its framework',
    fix: 'add gunicorn to the requirements',
  }; // prettier-ignore
}

function isLocal(host: string | undefined): boolean {
  return host !== undefined && /^(?:127\.\d+\.\d+\.\d+|localhost|::1|\[::1\])$/.test(host);
}

function localOnly({ module, bind }: AppFacts, { place }: Ways): Finding[] {
  if (bind === undefined || !isLocal(bind.host)) return [];
  const where = folderOf(module.path) === place.directory ? module.path : place.script;
  return [{
    code: 'bound-to-localhost', severity: 'error', file: module.path, line: bind.line,
    message: `the server of ${where} listens on ${bind.host}, which nothing outside its container reaches`, fix: 'let it listen on 0.0.0.0',
  }]; // prettier-ignore
}
