import { copyIntoContainer, killContainer, removeContainer } from '#client/containers.ts';
import { inspectImage } from '#client/images.ts';
import type { Client } from '#client/transport.ts';
import { InvalidArgumentError } from '#lib/errors.ts';
import { PROJECT_FOLDER, USER } from '#ml/dockerfile/start-lines.ts';
import { isManifest } from '#ml/dockerfile/install-lines.ts';
import { explain } from '#ml/explain/explain.ts';
import { packText } from '../pack-context.ts';
import { openProject, type Project } from '../project.ts';
import { replaceContainer } from '../replace-container.ts';
import { buildProject, type Collaborators, ignoreOf } from '../run-build.ts';
import { buildForServing, DEFAULT_TIMEOUT_MS, innerPort, type ServeOptions } from '../serve.ts';
import { serviceBody } from '../service-body.ts';
import { type Address, waitUntilAnswers } from '../wait-until-answers.ts';
import { type Followed, followProgram } from './follow-program.ts';
import { RESTART_SIGNAL, RESTARTER, RESTARTER_PATH } from './restarter.ts';
import { syncChanges } from './sync-changes.ts';
import { type Changes, watchFolder } from './watch-folder.ts';

export interface WatchProjectOptions extends ServeOptions {
  /** Ends the watching, and the container with it. */
  signal: AbortSignal;
  /** Called when the program answers for the first time. */
  onReady: (place: { container: string; address: Address; path: string; seconds: number }) => void;
}

/** What runs at the moment. */
interface Session {
  tools: Collaborators;
  project: Project;
  container: string;
  name: string;
  address: Address;
  output: Followed;
  /** Ends the wait for an answer to an earlier change. */
  waiting: AbortController;
}

/**
 * Serves a folder and follows its files: changed code goes into the running container and the program starts anew, without a build; what
 * changes the image builds it again. Ends with `signal`, and takes the container away.
 * @throws {InvalidArgumentError} if nothing in the folder can be served, or its Dockerfile does not show where its code goes
 */
export async function watchProject(tools: Collaborators, project: Project, options: WatchProjectOptions): Promise<void> {
  const start = performance.now();
  const { signal, onReady } = options;
  requireKnownPlace(project);
  const { project: ready, image } = await buildForServing(tools, project, options);
  let session = await begin(tools, { project: ready, image }, options);
  try {
    const { name: container, address } = session;
    const tell = (seconds: number): void => onReady({ container, address, path: ready.plan.health ?? '/', seconds });
    void whenAnswering(session, { since: start, options }, tell);
    const filter = await ignoreOf(ready);
    // These two are not copied, and yet a change of them means another image.
    const excludes = (path: string): boolean => path !== 'Dockerfile' && path !== '.dockerignore' && filter?.excludes(path) === true;
    for await (const changes of watchFolder(ready.directory, { excludes, signal }))
      session = await applyChanges(session, { changes, options });
  } finally {
    session.waiting.abort();
    session.output.stop();
    await removeContainer(tools.client, session.container, { force: true, volumes: true }).catch(() => {});
  }
} // prettier-ignore

/** The code of an own Dockerfile may go anywhere. */
function requireKnownPlace({ dockerfile, name }: Project): void {
  if (!dockerfile.isOwn) return;
  throw new InvalidArgumentError(`${name} has a Dockerfile of its own, and cannot be watched`, {
    why: 'where its code goes and what has to run again is known for generated Dockerfiles only',
    hint: 'leave --watch out and serve it again after a change, or move the Dockerfile away',
  });
}

/** Starts a container whose first process can start the program anew. */
async function begin(
  tools: Collaborators,
  { project, image }: { project: Project; image: string },
  options: WatchProjectOptions,
): Promise<Session> {
  const { client } = tools;
  const inner = await innerPort(client, image, project);
  const wrapper = ['python3', RESTARTER_PATH];
  const command = await commandOf(client, image);
  const body = await serviceBody(project, { image, inner, wrapper, command });
  const prepare = async (id: string): Promise<void> =>
    copyIntoContainer(client, { name: id, path: '/' }, packText(RESTARTER_PATH.slice(1), RESTARTER));
  const { id, name, port, settle } = await replaceContainer(tools, project, { inner, wanted: options.port, body, prepare });
  await settle();
  const output = followProgram(tools, id);
  return { tools, project, container: id, name, address: { host: '127.0.0.1', port }, output, waiting: new AbortController() };
} // prettier-ignore

async function commandOf(client: Client, image: string): Promise<string[]> {
  const { Config } = (await inspectImage(client, image)) as {
    Config?: { Entrypoint?: string[] | null; Cmd?: string[] | null };
  };
  return [...(Config?.Entrypoint ?? []), ...(Config?.Cmd ?? [])];
}

interface Waiting {
  /** When the change was seen, by `performance.now()`. */
  since: number;
  /** An answer before the program was started anew is the former one's. */
  isRestart?: boolean;
  options: WatchProjectOptions;
}

/** Waits for an answer, and tells after how many seconds it came, or why there is none. */
async function whenAnswering(
  { tools, project, address, output, waiting }: Session,
  { since, isRestart = false, options }: Waiting,
  tell: (seconds: number) => void,
): Promise<void> {
  const { ended, restarted } = output.mark();
  const signal = AbortSignal.any([waiting.signal, ended, options.signal]);
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  if (isRestart) await once(restarted, signal);
  const answer = await waitUntilAnswers(address, project.plan.health ?? '/', { timeoutMs, signal });
  if (answer !== undefined) return tell((performance.now() - since) / 1000);
  if (waiting.signal.aborted || options.signal.aborted) return;
  const meaning = explain(output.recent(), { manifest: project.plan.manifest?.path });
  tools.report.warn(
    ended.aborted
      ? 'the program ended; its words are above, and the next change starts it again'
      : `nothing answers on port ${address.port} yet`,
  );
  if (meaning !== undefined) tools.report.warn(`${meaning.cause} (${meaning.fix})`);
}

/** Until one of two things has happened. */
async function once(...signals: readonly AbortSignal[]): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  for (const signal of signals)
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  await promise;
}

/** Code is brought in at once; whether the image has to change is found out while the program starts. */
async function applyChanges(
  session: Session,
  { changes, options }: { changes: Changes; options: WatchProjectOptions },
): Promise<Session> {
  const { tools, project } = session;
  const { since } = changes;
  session.waiting.abort();
  const paths = [...changes.changed, ...changes.gone];
  const named = `${paths.slice(0, 3).join(', ')}${paths.length > 3 ? ` and ${paths.length - 3} more` : ''}`;
  try {
    if (paths.some((path) => changesImage(project, path))) return await rebuild(session, { named, since, options });
    const next = { ...session, waiting: new AbortController() };
    const place = { container: session.container, folder: PROJECT_FOLDER, owner: { uid: USER.id, gid: USER.id } };
    await syncChanges(tools.client, { root: project.directory, changes }, place);
    void whenAnswering(next, { since, isRestart: true, options }, tellOf(next, named));
    await killContainer(tools.client, session.container, RESTART_SIGNAL);
    const planned = await openProject(project.place, project.options);
    if (planned.dockerfile.text === project.dockerfile.text) return next;
    next.waiting.abort();
    return await rebuild({ ...next, project: planned }, { named, since, options });
  } catch (error) {
    if (options.signal.aborted) return session;
    const { message, hint } = error as { message: string; hint?: string };
    tools.report.warn(`${named} changed, and that could not be taken over: ${message}${hint === undefined ? '' : ` (${hint})`}`);
    return session;
  }
} // prettier-ignore

/** Manifests; and code that is installed, so that what runs is a copy of it. */
function changesImage({ plan }: Project, path: string): boolean {
  return isManifest(plan, path) || (plan.install.needsProject && path.startsWith('src/'));
}

function tellOf({ tools }: Session, named: string): (seconds: number) => void {
  return (seconds) => tools.report.say(`${named} changed: answers again after ${seconds.toFixed(2)} s`);
}

/** Another image: of the folder as it is now. */
async function rebuild(
  { tools, project, output, waiting }: Session,
  { named, since, options }: { named: string; since: number; options: WatchProjectOptions },
): Promise<Session> {
  waiting.abort();
  tools.report.say(`${named} changed: building anew`);
  const planned = await openProject(project.place, project.options);
  requireKnownPlace(planned);
  const image = await buildProject(tools, planned, options);
  const next = await begin(tools, { project: planned, image }, options);
  output.stop();
  void whenAnswering(next, { since, options }, tellOf(next, named));
  return next;
}
