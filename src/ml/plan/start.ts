import { frameworkNamed } from '../data/frameworks.ts';
import type { AppFacts } from '../detect/app.ts';
import { localModule, type ProjectFacts } from '../detect/project.ts';
import { folderOf } from '../files.ts';
import type { PythonModule } from '../python/module.ts';
import type { Decision, Finding, StartPlan } from './plan.ts';

export interface StartChoice {
  start: StartPlan;
  port: number | null;
  health: string | null;
  /** Distributions needed to start it that the project does not list. */
  extra: readonly string[];
  decisions: readonly Decision[];
  findings: readonly Finding[];
}

interface Command {
  command: readonly string[];
  why: string;
  environment?: Readonly<Record<string, string>>;
  extra?: readonly string[];
  findings?: readonly Finding[];
}

/** How a program is started so that it can be reached from outside the container. */
export function planStart(facts: ProjectFacts, app: AppFacts): StartChoice {
  const directory = startFolder(facts, app.module);
  const framework = frameworkNamed(app.kind);
  const port = app.bind?.port ?? framework?.port ?? null;
  const listed = new Set((facts.manifest?.requirements ?? []).map(({ name }) => name));
  const extras = new Set(
    (facts.manifest?.requirements ?? []).flatMap(({ name, extras: own }) => own.map((extra) => `${name}[${extra}]`)),
  );
  const chosen = commandFor(app, {
    target: targetOf(app, directory),
    script: below(directory, app.module.path),
    port: port ?? 0,
    listed: new Set([...listed, ...extras]),
  });
  const evidence = { file: app.module.path, line: app.line };
  const decisions: Decision[] = [{ subject: 'start', choice: chosen.command.join(' '), why: chosen.why, evidence }];
  if (port !== null) {
    const fromCode = app.bind?.port !== undefined;
    decisions.push({
      subject: 'port', choice: String(port), evidence: fromCode ? { file: app.module.path, line: app.bind?.line ?? 1 } : undefined,
      why: fromCode ? `${app.bind?.callee} names it` : `the usual port of ${app.kind}`,
    }); // prettier-ignore
  }
  const health =
    port === null
      ? null
      : (app.module.routes.find(
          ({ path, methods }) =>
            methods.includes('GET') && /^\/(health|healthz|ready|readyz|livez|ping|status)\/?$/.test(path),
        )?.path ??
        framework?.health ??
        '/');
  return {
    start: { kind: app.kind, module: app.module.path, command: chosen.command, environment: chosen.environment ?? {}, directory },
    port, health, extra: chosen.extra ?? [], decisions, findings: chosen.findings ?? [],
  }; // prettier-ignore
}

/** The project's top, unless the program lies in a folder whose files import each other by their bare names. */
function startFolder(facts: ProjectFacts, module: PythonModule): string {
  const folder = folderOf(module.path);
  if (folder === '') return '';
  const isPackage = module.imports.some(
    ({ module: name }) => name.startsWith('.') || name.split('.')[0] === folder.split('/')[0],
  );
  if (isPackage) return '';
  const siblings = module.imports.some(({ module: name }) =>
    localModule(facts.tree, module, name)?.startsWith(`${folder}/`),
  );
  const opensFiles = module.files.some(
    ({ path, mode }) => mode === 'read' && facts.tree.files.some((file) => file.path === `${folder}/${path}`),
  );
  return siblings || opensFiles ? folder : '';
}

function below(directory: string, path: string): string {
  return directory === '' ? path : path.slice(directory.length + 1);
}

/** `package.module:variable`, as servers want it. */
function targetOf(app: AppFacts, directory: string): string {
  const module = below(directory, app.module.path)
    .replace(/\.py$/, '')
    .replace(/\/__init__$/, '')
    .replaceAll('/', '.');
  return `${module}:${app.variable ?? 'app'}`;
}

interface Ways {
  target: string;
  script: string;
  port: number;
  listed: ReadonlySet<string>;
}

function commandFor(app: AppFacts, ways: Ways): Command {
  const { script, port } = ways;
  switch (app.kind) {
    case 'streamlit':
      return {
        command: ['streamlit', 'run', script, '--server.address=0.0.0.0', `--server.port=${port}`, '--server.headless=true', '--browser.gatherUsageStats=false'],
        why: `${script} is a Streamlit page`,
      }; // prettier-ignore
    case 'flask':
    case 'dash':
      return wsgi(app, ways);
    case 'fastapi':
    case 'starlette':
      return asgi(app, ways);
    case 'gradio':
      return {
        command: ['python', script],
        environment: { GRADIO_SERVER_NAME: '0.0.0.0', GRADIO_SERVER_PORT: String(port) },
        why: `${script} launches a Gradio page`,
      };
    case 'django':
      return {
        command: ['python', script, 'runserver', `0.0.0.0:${port}`],
        why: `${script} starts Django`,
        findings: [developmentServer(app)],
      };
    case 'http':
      return {
        command: ['python', script],
        why: `${script} starts a server of the standard library`,
        findings: localOnly(app),
      };
    default:
      return { command: ['python', script], why: `${script} is the program of this project` };
  }
}

function wsgi(app: AppFacts, { target, script, port, listed }: Ways): Command {
  const [module = '', variable = ''] = target.split(':');
  const served = `${module}:${variable}${app.kind === 'dash' ? '.server' : ''}${app.factory ? '()' : ''}`;
  if (listed.has('gunicorn'))
    return {
      command: ['gunicorn', '--bind', `0.0.0.0:${port}`, '--access-logfile', '-', served],
      why: `${app.kind === 'dash' ? 'a Dash' : 'a Flask'} app, and gunicorn is among the requirements`,
    };
  if (listed.has('waitress')) {
    const call = app.factory ? ['--call'] : [];
    return {
      command: ['waitress-serve', '--host=0.0.0.0', `--port=${port}`, ...call, served.replace('()', '')],
      why: 'a WSGI app, and waitress is among the requirements',
    };
  }
  if (app.kind === 'dash')
    return {
      command: ['python', script],
      environment: { HOST: '0.0.0.0', PORT: String(port) },
      why: `${script} starts a Dash page`,
      findings: [developmentServer(app)],
    };
  return {
    command: ['flask', 'run', '--host=0.0.0.0', `--port=${port}`],
    environment: { FLASK_APP: served },
    why: `${served} is a Flask app; Flask's own server, since no other is among the requirements`,
    findings: [developmentServer(app)],
  };
}

function asgi(app: AppFacts, { target, port, listed }: Ways): Command {
  const factory = app.factory ? ['--factory'] : [];
  const why = `${target} is a ${app.kind === 'fastapi' ? 'FastAPI' : 'Starlette'} app`;
  if (!listed.has('uvicorn') && listed.has('hypercorn'))
    return {
      command: ['hypercorn', '--bind', `0.0.0.0:${port}`, target],
      why: `${why}, and hypercorn is among the requirements`,
    };
  const command = ['uvicorn', target, ...factory, '--host', '0.0.0.0', '--port', String(port)];
  const has = ['uvicorn', 'uvicorn[standard]', 'fastapi[standard]', 'fastapi[all]', 'gradio', 'mlflow'].some((name) =>
    listed.has(name),
  );
  if (has) return { command, why };
  const missing: Finding = {
    code: 'no-server', severity: 'warning', file: app.module.path, line: app.line, message: `${target} needs a server, and no requirement brings one: uvicorn is installed too`, fix: 'add uvicorn to the requirements',
  }; // prettier-ignore
  return {
    command,
    why: `${why}; uvicorn is installed too, since no server is among the requirements`,
    extra: ['uvicorn'],
    findings: [missing],
  };
}

function developmentServer(app: AppFacts): Finding {
  return {
    code: 'development-server', severity: 'note', file: app.module.path, line: app.line, message: 'it is served by the development server of its framework',
    fix: 'add gunicorn to the requirements',
  }; // prettier-ignore
}

function localOnly(app: AppFacts): Finding[] {
  const host = app.bind?.host;
  if (host !== '127.0.0.1' && host !== 'localhost') return [];
  return [{
    code: 'bound-to-localhost', severity: 'error', file: app.module.path, line: app.bind?.line ?? 1,
    message: `the server listens on ${host}, which nothing outside its container reaches`, fix: 'let it listen on 0.0.0.0',
  }]; // prettier-ignore
}
