import { FRAMEWORKS, frameworkNamed } from '../data/frameworks.ts';
import { baseOf, folderOf, hasFile, joinPath } from '../files.ts';
import type { Bind, PythonModule } from '../python/module.ts';
import { appVariables } from './app-variables.ts';
import { handlerOf } from './handler.ts';
import type { ProjectFacts } from './project.ts';
import { findTraining } from './training.ts';
import { isAside, localModule, modulesByPath, reachable } from './reach.ts';
import { hintedFile, type StartHint } from './start-hint.ts';

/** The program of a project that is started to serve. */
export interface AppFacts {
  /**
   * A web framework's name, `http` for a server of the standard library, `grpc`, `handler` for a function that the serving runtime calls,
   * `notebook`, or `script` for a program that only runs.
   */
  kind: string;
  module: PythonModule;
  variable: string | undefined;
  factory: boolean;
  /** False if the file has to be started itself, for no server can take the application out of it. */
  importable: boolean;
  /** Line that shows it. */
  line: number;
  bind: Bind | undefined;
  /** File of the project that names it as what is started. */
  hint: StartHint | undefined;
  /** File that makes the application, where another one only passes it on. */
  origin: string;
}

const USUAL_NAMES = ['app', 'main', 'server', 'api', 'wsgi', 'asgi', 'serve', 'streamlit_app', 'web', 'application', 'service', 'run', 'index', 'home', 'demo', 'dashboard', 'predict', 'inference', '__main__'] as const; // prettier-ignore

const DJANGO = /(?:^|\.)(?:execute_from_command_line|get_wsgi_application|get_asgi_application)$/;

/** All programs that could serve, the likeliest first. */
export function findApps(facts: ProjectFacts): AppFacts[] {
  const hinted = hintsByFile(facts);
  const binds = bindsByFile(facts);
  const found = facts.modules.flatMap((module) => {
    const hint = hinted.get(module.path);
    return appOf(facts, module, { hint, bind: binds.get(module.path) }) ?? [];
  });
  const apps = found.toSorted((a, b) => score(b) - score(a) || (a.module.path < b.module.path ? -1 : 1));
  const isOther = apps.some(({ kind, module }) => kind !== 'script' || !isAside(module.path)) || findTraining(facts).length > 0;
  return isOther ? apps : [...notebookApps(facts), ...apps];
} // prettier-ignore

/** The most binding hint for each file. */
function hintsByFile(facts: ProjectFacts): Map<string, StartHint> {
  const found = new Map<string, StartHint>();
  for (const hint of facts.hints) {
    const path = hintedFile(facts.tree, hint);
    if (path !== undefined && !found.has(path)) found.set(path, hint);
  }
  return found;
}

/** Servers that one file starts for an application of another: `uvicorn.run("src.api:app", port=9000)`, `from app import app; app.run()`. */
function bindsByFile(facts: ProjectFacts): Map<string, Bind> {
  const found = new Map<string, Bind>();
  for (const module of facts.modules)
    for (const bind of module.binds) {
      const [name = '', variable] = (bind.target ?? '').split(':');
      const owner = bind.callee.split('.')[0] ?? '';
      const imported = module.imports.find(({ as }) => as.includes(owner) || as.includes(bind.target ?? ''));
      const path =
        variable === undefined
          ? imported && localModule(facts.tree, module, imported.module)
          : localModule(facts.tree, module, name);
      if (path !== undefined && !found.has(path)) found.set(path, bind);
    }
  return found;
}

function score({ kind, module, factory, importable, hint }: AppFacts): number {
  const name = baseOf(module.path).replace(/\.py$/, '').toLowerCase();
  const index = (USUAL_NAMES as readonly string[]).indexOf(name === '__init__' ? baseOf(folderOf(module.path)) : name);
  const web = { script: 0, notebook: -100, handler: 200, grpc: 280, websocket: 280, http: 300 }[kind] ?? 400;
  const depth = Math.min(module.path.split('/').length - 1, 5);
  const place = 60 - 20 * depth - (isAside(module.path) ? 500 : 0) - (/(^|\/)pages?\//.test(module.path) ? 200 : 0);
  const predicts = module.routes.some(({ path }) => /predict|infer|classif|score|generat|embed|search/.test(path));
  const routes = (module.routes.length > 0 ? 10 : 0) + (predicts ? 10 : 0);
  const way = (factory ? -5 : 0) + (importable || ['script', 'http'].includes(kind) ? 0 : -8);
  return web + place + (index === -1 ? 0 : 40 - index) + routes + way + (hint?.weight ?? 0);
}

interface Known {
  hint: StartHint | undefined;
  bind: Bind | undefined;
}

function appOf(facts: ProjectFacts, module: PythonModule, { hint, bind: foreign }: Known): AppFacts | undefined {
  if (module.read === 'imports') return undefined;
  const own = module.binds.find(({ port, host }) => port !== undefined || host !== undefined) ?? module.binds[0];
  const bind = own ?? foreign;
  const of = (kind: string, rest: Partial<AppFacts> = {}): AppFacts => {
    const app = {
      kind,
      module,
      variable: undefined,
      factory: false,
      importable: false,
      line: 1,
      bind,
      hint,
      origin: module.path,
      ...rest,
    };
    return { ...app, bind: withKnownPort(facts, module, app.bind) };
  };
  if (isStreamlit(module)) return of('streamlit', { line: importLine(module, 'streamlit') });
  const marked = markedFramework(module);
  if (marked !== undefined) return of(marked.kind, marked);
  const variables = appVariables(facts, module);
  const named = hint?.command?.target?.variable;
  const variable = variables.find((item) => item.variable === named) ?? variables[0];
  if (variable !== undefined) {
    const { framework, ...rest } = variable;
    return of(framework, rest);
  }
  const served = hint === undefined ? undefined : hintedVariable(facts, module, hint);
  if (served !== undefined) return of(served.kind, served);
  if (imports(module, 'gradio') && [...module.calls].some((call) => call.endsWith('.launch')))
    return of('gradio', { line: importLine(module, 'gradio') });
  if ([...module.calls].some((call) => DJANGO.test(call))) return of('django', { line: importLine(module, 'django') });
  const runs = baseOf(module.path) !== '__init__.py' && (module.isScript || module.acts);
  const server = !runs
    ? undefined
    : module.binds.find(({ callee }) => /HTTPServer$|TCPServer$|make_server$|WSGIServer$/.test(callee));
  if (server !== undefined) return of('http', { line: server.line, bind: server });
  const bottle = imports(module, 'bottle')
    ? module.binds.find(({ callee }) => /^(?:bottle\.)?run$/.test(callee))
    : undefined;
  if (bottle !== undefined) return of('bottle', { line: bottle.line, bind: bottle });
  const grpc = !runs ? undefined : module.binds.find(({ callee }) => callee.endsWith('add_insecure_port'));
  if (grpc !== undefined) return of('grpc', { line: grpc.line, bind: grpc });
  const usesSockets = module.imports.some((item) => item.module.startsWith('websockets'));
  const socket = usesSockets ? module.binds.find(({ callee }) => /^(?:websockets\.)?serve$/.test(callee)) : undefined;
  if (socket !== undefined) return of('websocket', { line: socket.line, bind: socket });
  const handler = handlerOf(module);
  if (handler !== undefined && hint?.command?.script === undefined)
    return of('handler', { variable: handler.attribute, line: handler.line });
  return isProgram(facts, module) || (hint?.weight ?? 0) > 100 ? of('script') : undefined;
}

const PROGRAMS = /^(?:main|app|run|__main__|bot|worker|start|server|service|consumer|scheduler|daemon)\.py$/;
/** Programs that people start now and then, by hand. */
const TOOLS =
  /(?:^|_)(?:eval|evaluate|evaluation|test|tests|preprocess\w*|prepare\w*|download\w*|convert\w*|export\w*|plot\w*|visuali[sz]e\w*|utils?|setup|benchmark\w*|analy[sz]\w*|generate\w*|create\w*|split\w*|make\w*|tune\w*|sweep)(?:_|\.py$)/;

/** A program without a port: one that runs on, or the only one. Where a project trains, its other scripts are tools. */
function isProgram(facts: ProjectFacts, module: PythonModule): boolean {
  const name = baseOf(module.path);
  if (name === '__init__.py') return false;
  if (PROGRAMS.test(name)) return module.isScript || module.acts || name === '__main__.py';
  const isTool = TOOLS.test(name) || module.options.some(({ required }) => required) || findTraining(facts).length > 0;
  const isPart = hasFile(facts.tree, joinPath(folderOf(module.path), '__init__.py') ?? '');
  return module.isScript && !isTool && !isPart;
}

/** A port that comes from a setting of another file, such as `Settings().port`. */
function withKnownPort(facts: ProjectFacts, module: PythonModule, bind: Bind | undefined): Bind | undefined {
  if (bind === undefined || bind.port !== undefined || bind.portName === undefined) return bind;
  for (const { names } of reachable(facts, module)) {
    const value = Number(names.get(`.${bind.portName}`) ?? names.get(bind.portName));
    if (Number.isInteger(value) && value > 0 && value < 65_536) return { ...bind, port: value };
  }
  return bind;
}

/** A variable that a server is told to take, however the code makes it; what it is is guessed by the frameworks that the program reaches. */
function hintedVariable(
  facts: ProjectFacts,
  module: PythonModule,
  { command, weight }: StartHint,
): { kind: string; variable: string; importable: boolean; line: number } | undefined {
  const variable = command?.target?.variable ?? '';
  const protocol = { gunicorn: 'wsgi', uwsgi: 'wsgi', 'waitress-serve': 'wsgi', uvicorn: 'asgi', hypercorn: 'asgi', daphne: 'asgi' }[command?.program ?? ''];
  if (variable === '' || weight < 100 || protocol === undefined || DJANGO.test([...module.calls].find((call) => DJANGO.test(call)) ?? '')) return undefined;
  const worker = command?.words.some((word) => word.includes('uvicorn')) === true ? 'asgi' : protocol;
  const modules = reachable(facts, module);
  const known = FRAMEWORKS.find((framework) => framework.protocol === worker && framework.name !== 'dash' && modules.some((item) => imports(item, framework.name)));
  return { kind: known?.name ?? (worker === 'wsgi' ? 'flask' : 'starlette'), variable, importable: true, line: 1 };
} // prettier-ignore

function isStreamlit(module: PythonModule): boolean {
  const names = new Set(module.imports.flatMap(({ module: name, as }) => (name === 'streamlit' ? as : [])));
  const draws = /^(\w+)\.(?!cache|set_page_config$|session_state|secrets)/;
  return [...module.calls].some((call) => names.has(draws.exec(call)?.[1] ?? ''));
}

/** Frameworks whose pages no object of the file shows, but a decorator or a call. */
function markedFramework(module: PythonModule): { kind: string; variable: string | undefined; line: number; importable: boolean } | undefined {
  const service = module.classes.find(({ decorators }) => decorators.some((name) => /^(?:bentoml\.service|serve\.deployment|deployment)$/.test(name)));
  if (service !== undefined) {
    const kind = imports(module, 'bentoml') ? 'bentoml' : imports(module, 'ray-serve') ? 'ray-serve' : undefined;
    const bound = module.assigned.find(({ callee }) => callee.endsWith('.bind'))?.variable;
    if (kind !== undefined) return { kind, variable: kind === 'bentoml' ? service.name : bound, line: service.line, importable: true };
  }
  const marks = [...module.calls, ...module.functions.flatMap(({ decorators }) => decorators)];
  for (const { name, marks: own } of FRAMEWORKS) {
    if (own === undefined || !imports(module, name)) continue;
    if (marks.some((mark) => own.some((word) => mark === word || mark.endsWith(`.${word}`))))
      return { kind: name, variable: undefined, line: importLine(module, name), importable: false };
  }
  return undefined;
} // prettier-ignore

export function imports(module: PythonModule, framework: string): boolean {
  const names = frameworkNamed(framework)?.modules ?? [];
  return module.imports.some(({ module: name }) => names.includes(name.split('.')[0] ?? ''));
}

function importLine(module: PythonModule, framework: string): number {
  const names = frameworkNamed(framework)?.modules ?? [];
  return module.imports.find(({ module: name }) => names.includes(name.split('.')[0] ?? ''))?.line ?? 1;
}

/** Notebooks are opened where nothing else can be started. */
function notebookApps(facts: ProjectFacts): AppFacts[] {
  const byPath = modulesByPath(facts.modules);
  return facts.notebooks
    .filter(({ path }) => !byPath.has(path))
    .map(({ module }) => {
      return { kind: 'notebook', module, variable: undefined, factory: false, importable: false, line: 1, bind: undefined, hint: undefined, origin: module.path };
    });
} // prettier-ignore
