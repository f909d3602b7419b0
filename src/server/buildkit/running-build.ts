import { randomUUID } from 'node:crypto';
import type { Builder } from '#engine/builder/builder.ts';
import type { Exported } from '#engine/builder/export/export-results.ts';
import type { PlatformResult, PreparedBuild, SolvedBuild } from '#engine/builder/prepare-build.ts';
import type { BuildEvent } from '#engine/builder/progress/events.ts';
import type { BuildRequest } from '#engine/builder/request.ts';
import { CancelledError, NotFoundError } from '#lib/errors.ts';
import type { MessageOf } from '#lib/protobuf/message.ts';
import { describeError, type FailedPlace, StatusError } from './describe-error.ts';
import { createFetchedSources, type FetchedSources } from './fetched-sources.ts';
import type { SOLVE_REQUEST } from './messages/control.ts';
import { createStatusEvents } from './status-events.ts';
import { createStatusLog, type StatusLog } from './status-log.ts';

/** What a client ordered with `Control.Solve`. */
export type Order = MessageOf<typeof SOLVE_REQUEST> & {
  /** Whether it came over the network. */
  isRemote?: boolean;
};

/** Something that was built, by the id that the client knows it by. */
export interface BuildResult {
  id: string;
  result: PlatformResult;
  solved: SolvedBuild;
  prepared: PreparedBuild;
}

/** A build from its order to its answer. What it made and nobody took is gone when disposed. */
export interface RunningBuild extends AsyncDisposable {
  readonly ref: string;
  readonly order: Order;
  readonly log: StatusLog;
  /** Aborts when the client leaves or the build ends. */
  readonly signal: AbortSignal;
  /** Milliseconds since epoch. */
  readonly started: number;
  /** @param listen hears what the build tells, besides those who follow it */
  prepare(request: BuildRequest, listen?: (event: BuildEvent) => void): Promise<PreparedBuild>;
  /** Runs the steps of a prepared build. @returns one result for each platform */
  solve(prepared: PreparedBuild): Promise<BuildResult[]>;
  /** Files at addresses that its client looks into. */
  readonly sources: FetchedSources;
  has(id: string): boolean;
  /** @throws {NotFoundError} */
  result(id: string): BuildResult;
  /** The client is done with it: what it names is delivered. */
  finish(ids: readonly string[]): void;
  fail(error: unknown): void;
  /** Waits until the client is done. @throws what it failed with */
  finished(): Promise<readonly string[]>;
  /** Delivers what a result is part of; undefined if there is nothing. */
  export(ids: readonly string[]): Promise<Exported | undefined>;
  /** Tells what happened, and where in the Dockerfile. */
  describe(error: unknown): StatusError;
}

export function createRunningBuild(builder: Builder, order: Order, left: AbortSignal): RunningBuild {
  const ended = new AbortController();
  const signal = AbortSignal.any([left, ended.signal]);
  const log = createStatusLog();
  const resources = new AsyncDisposableStack();
  const results = new Map<string, BuildResult>();
  const done = Promise.withResolvers<readonly string[]>();
  done.promise.catch(() => {});
  const definition: Definition = { text: undefined, failed: undefined };
  const tell = createTell(definition, log);
  const sources = resources.use(createFetchedSources(order.ref, tell, signal));
  const resultOf = (id: string): BuildResult => {
    const found = results.get(id);
    if (found === undefined) throw new NotFoundError(`no such ref: ${id}`);
    return found;
  };
  let count = 0;
  signal.addEventListener('abort', () => done.reject(new CancelledError('build cancelled', { cause: signal.reason })));
  return {
    ref: order.ref,
    order,
    log,
    signal,
    started: Date.now(),
    async prepare(request, listen = () => {}) {
      count += 1;
      const ref = count === 1 ? order.ref : `${order.ref}.${count}`;
      const prepared = await builder.prepare({ ...request, ref, signal }, both(tell, listen));
      definition.text = prepared.files.dockerfile;
      return resources.use(prepared);
    },
    async solve(prepared) {
      const solved = await prepared.solve();
      const found = solved.results.map((result) => ({
        id: randomUUID().replaceAll('-', ''),
        result,
        solved,
        prepared,
      }));
      for (const item of found) results.set(item.id, item);
      return found;
    },
    sources,
    has: (id) => results.has(id),
    result: resultOf,
    finish: (ids) => done.resolve(ids),
    fail: (error) => done.reject(error),
    finished: () => done.promise,
    async export(ids) {
      const [first] = ids;
      return first === undefined ? undefined : resultOf(first).solved.export();
    },
    describe: (error) => new StatusError(describeError(error, definition.failed)),
    async [Symbol.asyncDispose]() {
      ended.abort(new CancelledError('the build ended'));
      await resources.disposeAsync();
      log.end();
    },
  };
}

type Tell = (event: BuildEvent) => void;

function both(...[one, other]: [one: Tell, other: Tell]): Tell {
  return (event) => {
    one(event);
    other(event);
  };
}

interface Definition {
  /** The Dockerfile, once it was read. */
  text: { name: string; text: string } | undefined;
  /** The first instruction that failed. */
  failed: FailedPlace | undefined;
}

function createTell(definition: Definition, log: StatusLog): Tell {
  const toStatus = createStatusEvents(() => definition.text);
  return (event) => {
    if (event.kind === 'completed') noteFailure(definition, event);
    const pieces = toStatus(event);
    if (pieces !== undefined) log.add(pieces);
  };
}

function noteFailure(definition: Definition, { vertex, outcome }: Extract<BuildEvent, { kind: 'completed' }>): void {
  const { text, failed } = definition;
  if (outcome.error === undefined || outcome.isCanceled === true || failed !== undefined) return;
  if (text !== undefined && vertex.lines !== undefined)
    definition.failed = { file: text.name, text: text.text, lines: vertex.lines };
}
