import { setTimeout as sleep } from 'node:timers/promises';
import { CancelledError, ConflictError, InvalidArgumentError, NotFoundError } from '#lib/errors.ts';
import type { Builder } from '#engine/builder/builder.ts';
import type { Log } from '#lib/log.ts';
import { type BuildResult, createRunningBuild, type Order, type RunningBuild } from './running-build.ts';

/** Builds that clients of BuildKit's protocol run now, by the name that they gave them. */
export interface Builds {
  /** @throws {InvalidArgumentError} without a name; {ConflictError} if it is taken */
  start(order: Order, left: AbortSignal): RunningBuild;
  /** Waits a little for one whose order is still on its way: calls come side by side. @throws {NotFoundError} */
  get(ref: string, signal: AbortSignal, waitMs?: number): Promise<RunningBuild>;
  /** What any of them made. @throws {NotFoundError} */
  result(id: string): BuildResult;
  /** What the build used is given back while its client has its answer already. */
  end(build: RunningBuild): void;
  /** Cancels all, and waits until they have cleared up. */
  close(): Promise<void>;
}

/** How long calls may be ahead of the order. */
const WAIT_MS = 5000;

export function createBuilds(builder: Builder, log: Log): Builds {
  const running = new Map<string, RunningBuild>();
  const waiting = new Map<string, PromiseWithResolvers<RunningBuild>>();
  const ending = new Set<RunningBuild>();
  let change = Promise.withResolvers<void>();
  const clear = async (build: RunningBuild): Promise<void> => {
    try {
      await build[Symbol.asyncDispose]();
    } catch (error) {
      log.warn('a build was not cleared away', { ref: build.ref, error: String(error) });
    }
    ending.delete(build);
    change.resolve();
    change = Promise.withResolvers();
  };
  return {
    start(order, left) {
      const { ref } = order;
      if (ref === '') throw new InvalidArgumentError('the build has no ref');
      if (running.has(ref)) throw new ConflictError(`a build ${ref} is running`);
      const build = createRunningBuild(builder, order, left);
      running.set(ref, build);
      waiting.get(ref)?.resolve(build);
      waiting.delete(ref);
      return build;
    },
    async get(ref, signal, waitMs = WAIT_MS) {
      const known = running.get(ref);
      if (known !== undefined) return known;
      const wait = waiting.get(ref) ?? Promise.withResolvers<RunningBuild>();
      waiting.set(ref, wait);
      const over = new AbortController();
      const late = sleep(waitMs, undefined, { signal: AbortSignal.any([signal, over.signal]), ref: false }).then(
        () => undefined,
        () => undefined,
      );
      const found = await Promise.race([wait.promise, late]);
      over.abort();
      if (found !== undefined) return found;
      if (waiting.get(ref) === wait) waiting.delete(ref);
      throw new NotFoundError(`no such job ${ref}`, { why: 'no build of this name is running' });
    },
    result(id) {
      const build = running.values().find((candidate) => candidate.has(id));
      if (build === undefined)
        throw new NotFoundError(`no such ref: ${id}`, { why: 'the build that made it has ended' });
      return build.result(id);
    },
    end(build) {
      running.delete(build.ref);
      ending.add(build);
      void clear(build);
    },
    async close() {
      for (const build of running.values()) build.fail(new CancelledError('the engine stops'));
      while (running.size > 0 || ending.size > 0) await change.promise;
    },
  };
}
