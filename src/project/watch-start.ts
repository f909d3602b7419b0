import { inspectContainer, removeContainer, waitContainer } from '#client/containers.ts';
import { lastWords } from './last-words.ts';
import type { Client } from '#client/transport.ts';
import { CancelledError, InternalError, UnavailableError } from '#lib/errors.ts';
import { explain } from '#ml/explain/explain.ts';
import type { Project } from './project.ts';
import type { Collaborators } from './run-build.ts';
import { type Address, waitUntilAnswers } from './wait-until-answers.ts';

interface Starting {
  id: string;
  undo(): Promise<string>;
  name: string;
  address: Address;
  path: string;
  project: Project;
  /** By `performance.now()`. */
  startedAt: number;
}

/** Milliseconds from the start of the container. */
export interface StartTimes {
  /** Until somebody listened. */
  readyMs: number;
  firstAnswerMs: number;
}

const LAST_LINES = 20;

/**
 * Waits until a started service answers over HTTP.
 * @throws {InternalError} with its last words and what they mean, if its container ends first; {UnavailableError} if it stays silent
 */
export async function watchStart(
  { client, report }: Collaborators,
  service: Starting,
  { timeoutMs, signal }: { timeoutMs: number; signal?: AbortSignal | undefined },
): Promise<StartTimes> {
  const over = new AbortController();
  const since = (): number => Math.round(performance.now() - service.startedAt);
  let readyMs: number | undefined;
  const stop = AbortSignal.any([over.signal, ...(signal === undefined ? [] : [signal])]);
  try {
    const { exit } = await waitContainer(client, service.id, { condition: 'not-running', signal: stop });
    const ended = exit.then(({ StatusCode }) => StatusCode, () => undefined); // prettier-ignore
    const answers = waitUntilAnswers(service.address, service.path, {
      timeoutMs,
      signal: stop,
      onListening: () => (readyMs = since()),
    });
    const first = await Promise.race([answers, ended]);
    if (typeof first === 'object') return { readyMs: readyMs ?? since(), firstAnswerMs: since() };
    const problem =
      signal?.aborted === true
        ? await cancelled(client, service)
        : await problemOf({ client, report }, service, { first, timeoutMs });
    throw problem;
  } finally {
    over.abort();
  }
}

async function cancelled(client: Client, service: Starting): Promise<CancelledError> {
  await removeContainer(client, await service.undo(), { force: true, volumes: true });
  return new CancelledError('cancelled');
}

/** What went wrong, read before the former container takes the place again. */
async function problemOf(
  { client, report }: Collaborators,
  service: Starting,
  { first, timeoutMs }: { first: number | undefined; timeoutMs: number },
): Promise<Error> {
  const log = await lastWords(client, service.id);
  const details = await inspectContainer(client, service.id).catch(() => undefined);
  report.quote(log.trimEnd().split('\n').slice(-LAST_LINES));
  const logName = await service.undo();
  if (first === undefined) return silence(service, { log, logName, timeoutMs });
  return death(service, { log, logName, exitCode: first, oomKilled: details?.State.OOMKilled });
}

function death(
  { name, project }: Starting,
  {
    log,
    logName,
    exitCode,
    oomKilled,
  }: { log: string; logName: string; exitCode: number; oomKilled: boolean | undefined },
): InternalError {
  const meaning = explain(log, { exitCode, oomKilled, manifest: project.plan.manifest?.path });
  const ended =
    exitCode === 0 ? 'ended by itself, as a program that is no service does' : `ended with exit code ${exitCode}`;
  return new InternalError(`${name} ${ended} before it answered`, {
    why: meaning?.cause ?? 'its last words are above',
    hint: meaning?.fix ?? `see all of them with: berth logs ${logName}`,
  });
}

function silence(
  { name, address, project }: Starting,
  { log, logName, timeoutMs }: { log: string; logName: string; timeoutMs: number },
): UnavailableError {
  const meaning = explain(log, { manifest: project.plan.manifest?.path });
  const usual = 'it may need longer, listen on another port, or only on 127.0.0.1 of its container';
  return new UnavailableError(
    `${name} did not answer on port ${address.port} within ${Math.round(timeoutMs / 1000)} s`,
    {
      why: meaning?.cause ?? usual,
      hint: meaning?.fix ?? `look at berth logs ${logName}; give it longer with --timeout`,
    },
  );
}
