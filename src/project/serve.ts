import { containerStats } from '#client/containers.ts';
import { inspectImage } from '#client/images.ts';
import type { Client } from '#client/transport.ts';
import { InvalidArgumentError } from '#lib/errors.ts';
import { commandPort } from '#ml/detect/own-dockerfile.ts';
import { PROJECT_FOLDER } from '#ml/dockerfile/generate.ts';
import type { Startup } from '#ml/dockerfile/startup.ts';
import { findRequest, type TriedRequest } from './example-request.ts';
import { measureImports } from './measure-imports.ts';
import { openProject, type Project } from './project.ts';
import { formerContainer, type Replacement, replaceContainer, requirePort } from './replace-container.ts';
import { buildProject, type BuildOptions, type Collaborators } from './run-build.ts';
import { serviceBody, type ServiceOptions } from './service-body.ts';
import { keepStartup, readStartup } from './startup-record.ts';
import { trainOrFail } from './train.ts';
import { type Address, ask } from './wait-until-answers.ts';
import { type StartTimes, watchStart } from './watch-start.ts';

export interface ServeOptions extends BuildOptions {
  /** Port of 127.0.0.1; otherwise that of the former container, else the app's own, else the next free one. */
  port?: number | undefined;
  /** Variables for the program, as `NAME=VALUE`. */
  environment?: readonly string[] | undefined;
  /** How long the app may take to answer. */
  timeoutMs?: number | undefined;
  /** Network to join under a name, beside other services of the folder. */
  network?: ServiceOptions['network'];
}

/** A project that answers. */
export interface Served {
  container: string;
  image: string;
  address: Address;
  /** Path that shows something. */
  path: string;
  /** A request that was tried and works. */
  request: TriedRequest | undefined;
  seconds: number;
  /** What its start took. */
  startup: Startup;
}

export const DEFAULT_TIMEOUT_MS = 120_000;

/**
 * Builds a project's image and runs it until it answers on 127.0.0.1; a container of the same folder that runs already is replaced
 * when the new one can start. A model that the app opens and training writes is trained first when it is missing.
 * @throws {InvalidArgumentError} if nothing in the folder can be served
 */
export async function serveProject(
  tools: Collaborators,
  project: Project,
  options: ServeOptions = {},
): Promise<Served> {
  const start = performance.now();
  const { project: ready, image } = await buildForServing(tools, project, options);
  const inner = await innerPort(tools.client, image, ready);
  const body = await serviceBody(ready, { image, inner, network: options.network, environment: options.environment });
  const replacement = await replaceContainer(tools, ready, { inner, wanted: options.port, body });
  const running = await untilAnswers(tools, { project: ready, replacement }, options);
  await replacement.settle();
  const request = await findRequest(running.address, ready.plan.requests);
  const startup = await measureStart(tools.client, { project: ready, container: replacement.id }, running.times);
  return {
    container: replacement.name,
    image,
    address: running.address,
    path: await shownPath(running),
    request,
    seconds: (performance.now() - start) / 1000,
    startup,
  };
}

/** Looks whether it can be served, trains what is missing, and builds. */
export async function buildForServing(
  tools: Collaborators,
  project: Project,
  options: ServeOptions,
): Promise<{ project: Project; image: string }> {
  requireApp(project);
  const former = await formerContainer(tools.client, project);
  await requirePort(former, options.port);
  for (const finding of project.plan.findings.filter(({ severity }) => severity !== 'note'))
    tools.report.warn(`${finding.message}${finding.fix === null ? '' : ` (${finding.fix})`}`);
  if (project.plan.accelerator === 'gpu')
    tools.report.warn(
      'its packages are those for a GPU; it is given none, and runs on the processor as far as its code can',
    );
  const ready = await trainWhatIsMissing(tools, project, options);
  tools.report.say(
    `building the image of ${ready.name} ${ready.dockerfile.isOwn ? 'from its Dockerfile' : `for Python ${ready.plan.python.version}`}`,
  );
  return { project: ready, image: await buildProject(tools, ready, options) };
}

export interface Running {
  address: Address;
  /** Path that was asked. */
  path: string;
  times: StartTimes;
}

/** Waits for the first answer of a container that was started. */
export async function untilAnswers(
  tools: Collaborators,
  { project, replacement }: { project: Project; replacement: Replacement },
  { timeoutMs = DEFAULT_TIMEOUT_MS, signal }: Pick<ServeOptions, 'timeoutMs' | 'signal'>,
): Promise<Running> {
  const address = { host: '127.0.0.1', port: replacement.port };
  const path = project.plan.health ?? '/';
  tools.report.say(`waiting for ${replacement.name} to answer`);
  const times = await watchStart(tools, { ...replacement, address, path, project }, { timeoutMs, signal });
  return { address, path, times };
}

async function shownPath({ address, path }: Running): Promise<string> {
  const top = await ask(address, '/', { onlyStatus: true }).catch(() => undefined);
  return top !== undefined && top.status < 400 ? '/' : path;
}

/** What the start took, kept as the budget of the folder's next image. Imports are measured once: that takes as long as they do. */
async function measureStart(
  client: Client,
  { project, container }: { project: Project; container: string },
  times: StartTimes,
): Promise<Startup> {
  const { plan, dockerfile, place } = project;
  const former = await readStartup(place);
  const isProgram = plan.start !== null && plan.start.kind !== 'model' && !dockerfile.isOwn;
  const module = `${PROJECT_FOLDER}/${plan.start?.module ?? ''}`;
  const importMs = former?.importMs ?? (isProgram ? await measureImports(client, container, module) : undefined);
  const startup = { ...times, importMs: importMs ?? null, peakMemoryBytes: await peakMemory(client, container) };
  await keepStartup(place, startup);
  return startup;
}

async function peakMemory(client: Client, container: string): Promise<number | null> {
  try {
    for await (const { memory_stats: memory } of containerStats(client, container, { oneShot: true }))
      return Math.max(memory?.max_usage ?? 0, memory?.usage ?? 0) || null;
  } catch {
    return null; // an engine that keeps no count
  }
  return null;
}

/** @throws {InvalidArgumentError} if nothing in the folder can be served */
export function requireApp({ plan, dockerfile, name }: Project): void {
  if (dockerfile.isOwn) return;
  if (plan.start !== null && plan.port === null)
    throw new InvalidArgumentError(`${name} is no service`, {
      why: `${plan.start.module} runs and ends, as far as its code shows; nothing in it listens on a port`,
      hint: `run it with: berth train DIR --script ${plan.start.module}`,
    });
  if (plan.start !== null) return;
  throw new InvalidArgumentError(`${name} has nothing to serve`, {
    why:
      plan.findings.find(({ code }) => code === 'nothing-to-run')?.message ??
      'no web app and no Dockerfile was found in it',
    hint: 'name the folder of an app, or write a Dockerfile with the command that starts it',
  });
}

async function trainWhatIsMissing(tools: Collaborators, project: Project, options: ServeOptions): Promise<Project> {
  const [missing] = project.plan.missing;
  if (missing === undefined) return project;
  const { path, readBy, training } = missing;
  tools.report.say(
    `${path} is not there yet; ${readBy.file} opens it and ${training} writes it, so it is trained first`,
  );
  const result = await trainOrFail(tools, project, { ...options, script: training });
  tools.report.say(
    `trained in ${result.seconds.toFixed(1)} s: ${result.written.map((file) => file.path).join(', ') || 'nothing was written'}`,
  );
  return openProject(project.place, project.options);
}

/** The port that the app takes inside its container. */
export async function innerPort(client: Client, image: string, { plan, dockerfile, name }: Project): Promise<number> {
  const { Config } = await inspectImage(client, image);
  const exposed = Object.keys(Config?.ExposedPorts ?? {}).flatMap((port) => /^(\d+)\/tcp$/.exec(port)?.[1] ?? []).map(Number); // prettier-ignore
  const named = dockerfile.isOwn ? commandPort(dockerfile.text) : undefined;
  const port =
    exposed.find((one) => one === (named ?? plan.port)) ?? exposed.toSorted((a, b) => a - b)[0] ?? named ?? plan.port;
  if (port !== undefined && port !== null) return port;
  throw new InvalidArgumentError(`the port of ${name} is not known`, {
    why: 'neither its Dockerfile nor its code names one',
    hint: 'add a line such as EXPOSE 8000 to the Dockerfile',
  });
}
