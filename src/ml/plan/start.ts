import { frameworkNamed } from '../data/frameworks.ts';
import type { AppFacts } from '../detect/app.ts';
import type { ProjectFacts } from '../detect/project.ts';
import { routesOf } from '../detect/routes.ts';
import type { StartHint } from '../detect/start-hint.ts';
import { folderOf } from '../files.ts';
import { SERVING_HEALTH, SERVING_PORT } from '../data/serving.ts';
import type { Decision, Evidence, Finding, StartPlan } from './plan.ts';
import { startCommandOf } from './start-command.ts';
import { startPlace } from './start-place.ts';

export interface StartChoice {
  start: StartPlan;
  port: number | null;
  health: string | null;
  /** Distributions needed to start it that the project does not list. */
  extra: readonly string[];
  decisions: readonly Decision[];
  findings: readonly Finding[];
}

/** Kinds whose file is started itself, so that Python looks into its folder. */
/** Services that answer, but not to HTTP. */
const NO_HTTP: ReadonlySet<string> = new Set(['grpc', 'websocket']);
const SCRIPTS: ReadonlySet<string> = new Set(['streamlit', 'gradio', 'chainlit', 'panel', 'nicegui', 'http', 'grpc', 'websocket', 'script', 'aiohttp', 'tornado', 'litserve', 'kserve', 'notebook', 'shiny']); // prettier-ignore
/** Of those, the ones that another program starts: it looks for imports beside the file only. */
const LOOKS_BESIDE: ReadonlySet<string> = new Set(['streamlit', 'chainlit', 'panel', 'shiny', 'notebook']);
const NOTEBOOK_PORT = 8888;

/** How a program is started so that it can be reached from outside the container. */
export function planStart(facts: ProjectFacts, app: AppFacts): StartChoice {
  const isCalled = app.hint?.command?.program === 'console' && !app.module.isScript;
  const isOwnServer = SCRIPTS.has(app.kind) || (app.variable !== undefined && !app.importable && app.kind !== 'handler');
  const isScript = isOwnServer && !isCalled;
  const place = startPlace(facts, app, isScript);
  const port = portOf(facts, app);
  const chosen = startCommandOf(facts, app, { place, port: port.value ?? 0, listed: listedOf(facts) });
  const evidence = app.hint === undefined ? { file: app.module.path, line: app.line } : evidenceOf(app.hint);
  const why = app.hint === undefined ? chosen.why : `${chosen.why}; ${app.hint.source} starts it so`;
  const decisions: Decision[] = [{ subject: 'start', choice: chosen.command.join(' '), why, evidence }];
  const health = port.value === null || NO_HTTP.has(app.kind) ? null : healthOf(facts, app);
  if (port.value !== null)
    decisions.push({ subject: 'port', choice: String(port.value), why: port.why, evidence: port.evidence });
  if (health !== null)
    decisions.push({ subject: 'health', choice: health.path, why: health.why, evidence: health.evidence });
  return {
    start: {
      kind: app.kind, module: app.module.path, command: chosen.command, directory: chosen.directory ?? place.directory,
      environment: { ...(LOOKS_BESIDE.has(app.kind) && place.pythonPath !== undefined ? { PYTHONPATH: place.pythonPath } : {}), ...portVariable(app, port.value), ...chosen.environment },
    },
    port: port.value, health: health?.path ?? null, extra: chosen.extra ?? [], decisions, findings: chosen.findings ?? [],
  };
} // prettier-ignore

/** A variable that the program takes its port from and does not start without. */
function portVariable({ bind, module }: AppFacts, port: number | null): Record<string, string> {
  const name = bind?.portFrom?.variable;
  const isNeeded = bind?.port === undefined || module.environment.some((item) => item.name === name && item.required);
  return name === undefined || port === null || !isNeeded ? {} : { [name]: String(port) };
}

function evidenceOf({ file, line }: StartHint): Evidence {
  return { file, line };
}

/** Names of listed distributions, those with extras also with them: `fastapi[standard]`. */
function listedOf({ manifest }: ProjectFacts): ReadonlySet<string> {
  const requirements = manifest?.requirements ?? [];
  return new Set(requirements.flatMap(({ name, extras }) => [name, ...extras.map((extra) => `${name}[${extra}]`)]));
}

interface PortChoice {
  value: number | null;
  why: string;
  evidence: Evidence | undefined;
}

/** From the file that starts it, its settings, the code, and last the framework's usual one. */
function portOf(facts: ProjectFacts, app: AppFacts): PortChoice {
  const folder = folderOf(app.module.path);
  const speaks = ({ kind, folder: at, command, port }: StartHint): boolean =>
    port !== undefined && (kind === undefined ? command === undefined : kind === app.kind) && (at === '' || folder === at || folder.startsWith(`${at}/`));
  const usual = app.kind === 'handler' ? SERVING_PORT : app.kind === 'notebook' ? NOTEBOOK_PORT : (frameworkNamed(app.kind)?.port ?? null);
  const isService = usual !== null || app.bind?.port !== undefined || ['http', 'grpc', 'websocket'].includes(app.kind);
  const settings = facts.hints.find((hint) => speaks(hint));
  const hint = app.hint?.port !== undefined && (app.kind === 'script' || isService) ? app.hint : isService ? settings : undefined;
  if (hint?.port !== undefined) return { value: hint.port, why: `${hint.source} names it`, evidence: evidenceOf(hint) };
  const { bind } = app;
  if (bind?.port !== undefined && app.kind !== 'handler')
    return { value: bind.port, why: `${bind.callee} names it`, evidence: { file: app.module.path, line: bind.line } };
  return { value: usual, why: app.kind === 'handler' ? "the serving runtime's port" : `the usual port of ${app.kind}`, evidence: undefined };
} // prettier-ignore

/** Last parts of paths that are made for the purpose, the most telling first. */
const HEALTH = ['ready', 'readyz', 'health', 'healthz', 'healthcheck', 'health-check', 'health_check', 'livez', 'live', 'alive', 'ping', 'heartbeat', 'status']; // prettier-ignore

function healthOf(facts: ProjectFacts, app: AppFacts): { path: string; why: string; evidence?: Evidence | undefined } {
  if (app.kind === 'handler') return { path: SERVING_HEALTH, why: 'the serving runtime answers there once the model is loaded' };
  if (app.kind === 'notebook') return { path: '/api', why: 'Jupyter answers there without its token' };
  const routes = routesOf(facts, app).filter(({ methods, path }) => methods.includes('GET') && !/[<{]/.test(path));
  for (const name of HEALTH) {
    const route = routes.find(({ path }) => path.replace(/\/$/, '').split('/').at(-1)?.toLowerCase() === name);
    if (route !== undefined)
      return { path: route.path, why: 'a route made for the purpose', evidence: { file: route.module.path, line: route.line } };
  }
  const hasTop = routes.some(({ path }) => path === '/');
  const usual = hasTop ? '/' : (frameworkNamed(app.kind)?.health ?? '/');
  return { path: usual, why: usual === '/' ? 'no route is made for the purpose' : `${app.kind} answers there` };
} // prettier-ignore
