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
import type { ProjectDockerfile } from '../write-dockerfile.ts';
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
  const followed: FollowedProject = { session: await begin(tools, { project: ready, image }, options), turns: createTurns() };
  try {
    const { name: container, address } = followed.session;
    const tell = (seconds: number): void => onReady({ container, address, path: ready.plan.health ?? '/', seconds });
    void whenAnswering(followed.session, { since: start, options }, tell);
    const filter = await ignoreOf(ready);
    // These two are not copied, and yet a change of them means another image.
    const excludes = (path: string): boolean => path !== 'Dockerfile' && path !== '.dockerignore' && filter?.excludes(path) === true;
    for await (const changes of watchFolder(ready.directory, { excludes, signal }))
      await followed.turns(() => applyChanges(followed, { changes, options }));
  } finally {
    const { session } = followed;
    session.waiting.abort();
    session.output.stop();
    await removeContainer(tools.client, session.container, { force: true, volumes: true }).catch(() => {});
  }
} // prettier-ignore

/** What is watched; one thing at a time is done to it. */
interface FollowedProject {
  session: Session;
  turns: (work: () => Promise<void>) => Promise<void>;
}

function createTurns(): FollowedProject['turns'] {
  let last: Promise<void> = Promise.resolve();
  return (work) => {
    last = last.then(work, work);
    return last;
  };
}

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
  const body = await serviceBody(project, { image, inner, wrapper, command, environment: options.environment });
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

interface Change {
  /** Names of what changed, for people. */
  named: string;
  since: number;
  options: WatchProjectOptions;
}

/** Code is brought in at once; whether the image has to change is found out when the program has started, which needs the processor more. */
async function applyChanges(
  followed: FollowedProject,
  { changes, options }: { changes: Changes; options: WatchProjectOptions },
): Promise<void> {
  const { tools, project, waiting } = followed.session;
  const paths = [...changes.changed, ...changes.gone];
  const named = `${paths.slice(0, 3).join(', ')}${paths.length > 3 ? ` and ${paths.length - 3} more` : ''}`;
  const change = { named, since: changes.since, options };
  waiting.abort();
  await unlessRefused(tools, change, async () => {
    if (paths.some((path) => changesImage(project, path))) return rebuild(followed, change);
    const next = { ...followed.session, waiting: new AbortController() };
    followed.session = next;
    const place = { container: next.container, folder: PROJECT_FOLDER, owner: { uid: USER.id, gid: USER.id } };
    await syncChanges(tools.client, { root: project.directory, changes }, place);
    const answered = whenAnswering(next, { since: changes.since, isRestart: true, options }, tellOf(next, named));
    void answered.then(() => followed.turns(() => planAgain(followed, next, change)));
    await killContainer(tools.client, next.container, RESTART_SIGNAL);
  });
}

/** What goes wrong with one change is told, and the next one may mend it. */
async function unlessRefused(tools: Collaborators, { named, options }: Change, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (options.signal.aborted) return;
    const { message, hint } = error as { message: string; hint?: string };
    tools.report.warn(`${named} changed, and that could not be taken over: ${message}${hint === undefined ? '' : ` (${hint})`}`);
  }
} // prettier-ignore

/** Unless another change came meanwhile, whose plan counts. */
async function planAgain(followed: FollowedProject, session: Session, change: Change): Promise<void> {
  if (followed.session !== session || change.options.signal.aborted) return;
  await unlessRefused(session.tools, change, async () => {
    const { place, options, dockerfile } = session.project;
    const planned = await openProject(place, options);
    if (!isSameImage(planned.dockerfile, dockerfile)) await rebuild(followed, change);
  });
}

/** Reasons may name other lines, and mean the same. */
function isSameImage(one: ProjectDockerfile, other: ProjectDockerfile): boolean {
  const [text, otherText] = [one, other].map((dockerfile) => dockerfile.text.replace(/^#.*\n/gm, ''));
  if (text !== otherText || one.extra.size !== other.extra.size) return false;
  return [...one.extra].every(([path, bytes]) => Buffer.from(bytes).equals(other.extra.get(path) ?? Buffer.alloc(0)));
}

/** Manifests; and code that is installed, so that what runs is a copy of it. */
function changesImage({ plan }: Project, path: string): boolean {
  return isManifest(plan, path) || (plan.install.needsProject && path.startsWith('src/'));
}

function tellOf({ tools }: Session, named: string): (seconds: number) => void {
  return (seconds) => tools.report.say(`${named} changed: answers again after ${seconds.toFixed(2)} s`);
}

/** Another image: of the folder as it is now. */
async function rebuild(followed: FollowedProject, { named, since, options }: Change): Promise<void> {
  const { tools, project, output, waiting } = followed.session;
  waiting.abort();
  tools.report.say(`${named} changed: building anew`);
  const planned = await openProject(project.place, project.options);
  requireKnownPlace(planned);
  const image = await buildProject(tools, planned, options);
  const next = await begin(tools, { project: planned, image }, options);
  followed.session = next;
  output.stop();
  void whenAnswering(next, { since, options }, tellOf(next, named));
}
