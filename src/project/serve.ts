import { inspectImage } from '#client/images.ts';
import type { Client } from '#client/transport.ts';
import { InvalidArgumentError } from '#lib/errors.ts';
import { commandPort } from '#ml/detect/own-dockerfile.ts';
import { findRequest, type TriedRequest } from './example-request.ts';
import { openProject, type Project } from './project.ts';
import { formerContainer, replaceContainer, requirePort } from './replace-container.ts';
import { buildProject, type BuildOptions, type Collaborators } from './run-build.ts';
import { trainOrFail } from './train.ts';
import { ask } from './wait-until-answers.ts';
import { watchStart } from './watch-start.ts';

export interface ServeOptions extends BuildOptions {
  /** Port of 127.0.0.1; otherwise that of the former container, else the app's own, else the next free one. */
  port?: number | undefined;
  /** How long the app may take to answer. */
  timeoutMs?: number | undefined;
}

/** A project that answers. */
export interface Served {
  container: string;
  image: string;
  address: { host: string; port: number };
  /** Path that shows something. */
  path: string;
  /** A request that was tried and works. */
  request: TriedRequest | undefined;
  seconds: number;
}

const DEFAULT_TIMEOUT_MS = 120_000;

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
  requireApp(project);
  const start = performance.now();
  const former = await formerContainer(tools.client, project);
  await requirePort(former, options.port);
  for (const finding of project.plan.findings.filter(({ severity }) => severity !== 'note'))
    tools.report.warn(`${finding.message}${finding.fix === null ? '' : ` (${finding.fix})`}`);
  const ready = await trainWhatIsMissing(tools, project, options);
  tools.report.say(
    `building the image of ${ready.name} ${ready.dockerfile.isOwn ? 'from its Dockerfile' : `for Python ${ready.plan.python.version}`}`,
  );
  const image = await buildProject(tools, ready, options);
  const inner = await innerPort(tools.client, image, ready);
  const replacement = await replaceContainer(tools, ready, { image, inner, wanted: options.port });
  const { name, port } = replacement;
  const address = { host: '127.0.0.1', port };
  const path = ready.plan.health ?? '/';
  tools.report.say(`waiting for ${name} to answer`);
  const service = { ...replacement, address, path, project: ready };
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  await watchStart(tools, service, { timeoutMs, signal: options.signal });
  await replacement.settle();
  const request = await findRequest(address, ready.plan.requests);
  const top = await ask(address, '/', { onlyStatus: true }).catch(() => undefined);
  const shown = top !== undefined && top.status < 400 ? '/' : path;
  return { container: name, image, address, path: shown, request, seconds: (performance.now() - start) / 1000 };
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
  return openProject(project.directory, project.options);
}

/** The port that the app takes inside its container. */
async function innerPort(client: Client, image: string, { plan, dockerfile, name }: Project): Promise<number> {
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
