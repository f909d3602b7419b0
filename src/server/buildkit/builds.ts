import { setTimeout as sleep } from 'node:timers/promises';
import type { Builder } from '#engine/builder/builder.ts';
import { CancelledError, ConflictError, InvalidArgumentError, NotFoundError } from '#lib/errors.ts';
import type { Log } from '#lib/log.ts';
import { type BuildResult, createRunningBuild, type Order, type RunningBuild } from './running-build.ts';

/** Builds that clients of BuildKit's protocol run now, by the name that they gave them. */
export interface Builds {
  /** @throws {InvalidArgumentError} without a name; {ConflictError} if it is taken */
  start(order: Order, left: AbortSignal): RunningBuild;
  /** Waits a little for one whose order is still on its way: calls come side by side. @throws {NotFoundError} */
  get(ref: string, signal: AbortSignal, waitMs?: number): Promise<RunningBuild>;
  /** Whether there was one of this name not long ago. */
  hasEnded(ref: string): boolean;
  /** What any of them made. @throws {NotFoundError} */
  result(id: string): BuildResult;
  /** What the build used is given back while its client has its answer already. */
  end(build: RunningBuild): void;
  /** Cancels all, and waits until they have cleared up. */
  close(): Promise<void>;
}

/** How long calls may be ahead of the order, on a busy host too; as BuildKit has it. */
const WAIT_MS = 6000;
/** Builds of which it is remembered that they have ended. */
const ENDED = 200;

export function createBuilds(builder: Builder, log: Log): Builds {
  const running = new Map<string, RunningBuild>();
  const arrivals = createArrivals();
  const ended = createRecent(ENDED);
  const ending = new Set<Promise<void>>();
  return {
    start(order, left) {
      const { ref } = order;
      if (ref === '') throw new InvalidArgumentError('the build has no ref');
      if (running.has(ref)) throw new ConflictError(`a build ${ref} is running`);
      const build = createRunningBuild(builder, order, left);
      running.set(ref, build);
      ended.remove(ref);
      arrivals.tell(build);
      return build;
    },
    async get(ref, signal, waitMs = WAIT_MS) {
      const known = running.get(ref) ?? (ended.has(ref) ? undefined : await arrivals.wait(ref, signal, waitMs));
      if (known !== undefined) return known;
      throw new NotFoundError(`no such job ${ref}`, { why: 'no build of this name is running' });
    },
    hasEnded: (ref) => ended.has(ref),
    result(id) {
      const build = running.values().find((candidate) => candidate.has(id));
      if (build !== undefined) return build.result(id);
      throw new NotFoundError(`no such ref: ${id}`, { why: 'the build that made it has ended' });
    },
    end(build) {
      running.delete(build.ref);
      ended.add(build.ref);
      const cleared = clear(build, log);
      ending.add(cleared);
      void cleared.finally(() => ending.delete(cleared));
    },
    async close() {
      for (const build of running.values()) build.fail(new CancelledError('the engine stops'));
      while (running.size > 0 || ending.size > 0) await (ending.size > 0 ? Promise.all(ending) : sleep(10));
    },
  };
}

async function clear(build: RunningBuild, log: Log): Promise<void> {
  try {
    await build[Symbol.asyncDispose]();
  } catch (error) {
    log.warn('a build was not cleared away', { ref: build.ref, error: String(error) });
  }
}

/** Waits for builds that are not there yet. */
function createArrivals(): {
  tell(build: RunningBuild): void;
  wait(ref: string, signal: AbortSignal, waitMs: number): Promise<RunningBuild | undefined>;
} {
  const waiting = new Map<string, Set<(build: RunningBuild | undefined) => void>>();
  return {
    tell(build) {
      for (const arrive of waiting.get(build.ref) ?? []) arrive(build);
    },
    async wait(ref, signal, waitMs) {
      const { promise, resolve } = Promise.withResolvers<RunningBuild | undefined>();
      const others = waiting.get(ref) ?? new Set();
      waiting.set(ref, others.add(resolve));
      const giveUp = (): void => resolve(undefined);
      const timer = setTimeout(giveUp, waitMs);
      signal.addEventListener('abort', giveUp);
      const found = await promise;
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
      others.delete(resolve);
      if (others.size === 0 && waiting.get(ref) === others) waiting.delete(ref);
      return found;
    },
  };
}

/** The last names, a certain number of them. */
function createRecent(limit: number): {
  add(name: string): void;
  has(name: string): boolean;
  remove(name: string): void;
} {
  const names = new Set<string>();
  return {
    add(name) {
      names.delete(name);
      names.add(name);
      const [oldest] = names;
      if (names.size > limit && oldest !== undefined) names.delete(oldest);
    },
    has: (name) => names.has(name),
    remove: (name) => void names.delete(name),
  };
}
