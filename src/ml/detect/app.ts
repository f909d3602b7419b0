import { frameworkNamed } from '../data/frameworks.ts';
import { baseOf, hasFile } from '../files.ts';
import type { Bind, PythonModule } from '../python/module.ts';
import { isAside, type ProjectFacts } from './project.ts';

/** The program of a project that is started to serve. */
export interface AppFacts {
  /** A web framework's name, `http` for a server of the standard library, or `script` for a program that only runs. */
  kind: string;
  module: PythonModule;
  variable: string | undefined;
  factory: boolean;
  /** Line that shows it. */
  line: number;
  bind: Bind | undefined;
}

const USUAL_NAMES = ['app', 'main', 'server', 'api', 'wsgi', 'asgi', 'serve', 'streamlit_app', 'web', 'application', 'service', 'run', 'index', 'home'] as const; // prettier-ignore

/** All programs that could serve, the likeliest first. */
export function findApps(facts: ProjectFacts): AppFacts[] {
  const found = facts.modules.flatMap((module) => appOf(facts, module) ?? []);
  return found.toSorted((a, b) => score(b) - score(a) || (a.module.path < b.module.path ? -1 : 1));
}

function score({ kind, module, factory }: AppFacts): number {
  const name = baseOf(module.path).replace(/\.py$/, '').toLowerCase();
  const index = (USUAL_NAMES as readonly string[]).indexOf(name);
  const web = kind === 'script' ? 0 : kind === 'http' ? 300 : 400;
  const place = 60 - 20 * (module.path.split('/').length - 1) - (isAside(module.path) ? 500 : 0);
  return web + place + (index === -1 ? 0 : 40 - index) + (module.routes.length > 0 ? 10 : 0) - (factory ? 5 : 0);
}

function appOf(facts: ProjectFacts, module: PythonModule): AppFacts | undefined {
  const bind = module.binds.find(({ port, host }) => port !== undefined || host !== undefined) ?? module.binds[0];
  const of = (kind: string, rest: Partial<AppFacts> = {}): AppFacts => {
    return { kind, module, variable: undefined, factory: false, line: 1, bind, ...rest };
  };
  if (isStreamlit(module)) return of('streamlit', { line: importLine(module, 'streamlit') });
  const [app] = module.apps.toSorted((a, b) => Number(a.factory) - Number(b.factory));
  if (app !== undefined && imports(module, app.framework))
    return of(app.framework, { variable: app.variable, factory: app.factory, line: app.line });
  if (imports(module, 'gradio') && [...module.calls].some((call) => call.endsWith('.launch')))
    return of('gradio', { line: importLine(module, 'gradio') });
  if (
    baseOf(module.path) === 'manage.py' &&
    [...module.calls].some((call) => call.endsWith('execute_from_command_line'))
  )
    return of('django');
  if (module.binds.some(({ callee }) => /HTTPServer$|TCPServer$/.test(callee)))
    return of('http', { line: module.binds[0]?.line ?? 1 });
  const isMain = ['main', 'app', 'run', '__main__'].includes(baseOf(module.path).replace(/\.py$/, ''));
  if ((module.isScript || isMain) && !hasFile(facts.tree, `${module.path}/__init__.py`)) return of('script');
  return undefined;
}

function isStreamlit(module: PythonModule): boolean {
  return (
    imports(module, 'streamlit') &&
    [...module.calls].some((call) => /^(st|streamlit)\.(?!cache|set_page_config$|session_state)/.test(call))
  );
}

function imports(module: PythonModule, framework: string): boolean {
  const names = frameworkNamed(framework)?.modules ?? [];
  return module.imports.some(({ module: name }) => names.includes(name.split('.')[0] ?? ''));
}

function importLine(module: PythonModule, framework: string): number {
  return module.imports.find(({ module: name }) => name.split('.')[0] === framework)?.line ?? 1;
}
