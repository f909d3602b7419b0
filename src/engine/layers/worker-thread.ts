import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { InternalError } from '#lib/errors.ts';
import type { Ring } from './ring.ts';
import { receiveError, type SentError } from './worker-error.ts';
import { END, toPlainWorker, toWorker } from './worker-start.ts';

/** What a thread answers to a job. */
export type Reply<T> = { done: T } | { failed: SentError };

/** A thread that does one job after another. */
export interface WorkerThread<Job, Done> {
  readonly isAlive: boolean;
  /** @throws what the job failed with; {InternalError} if the thread ended */
  run(job: Job): Promise<Done>;
  /** @param withinMs that its job may go on */
  end(withinMs?: number): Promise<void>;
}

/** Little of what these threads make lives long; with more room they would take it. */
const YOUNG_MB = 4;

/** A thread that hangs in its job is stopped after this. */
const END_WITHIN_MS = 2000;
/** On a busy host a thread takes long to begin; one that has not is not stopped. */
const BEGIN_WITHIN_MS = 60_000;

/**
 * @param name of its bundle, and of its file, which lies beside this one
 * @param ring what it reads, if its jobs do not say all that it needs
 * @param folder where its file lies otherwise, from here
 */
export function startWorker<Job, Done>(name: string, ring?: Ring, folder = '.'): WorkerThread<Job, Done> {
  const resourceLimits = { maxYoungGenerationSizeMb: YOUNG_MB };
  const worker = new Worker(entryOf(name, folder), {
    workerData: ring === undefined ? toPlainWorker() : toWorker(ring),
    execArgv: [],
    name,
    resourceLimits,
  });
  worker.unref(); // an idle one keeps no process alive
  let isAlive = true;
  let failure: unknown;
  const begun = once(worker, 'online').catch(() => {});
  worker.on('error', (error) => (failure = error));
  const ended = once(worker, 'exit').then(
    () => (isAlive = false),
    () => (isAlive = false),
  );
  return {
    get isAlive() {
      return isAlive;
    },
    async run(job) {
      worker.ref();
      const reply = Promise.withResolvers<Reply<Done>>();
      const onMessage = (message: Reply<Done>): void => reply.resolve(message);
      worker.once('message', onMessage);
      void ended.then(() => reply.reject(threadEnded(name, failure)));
      try {
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
        worker.postMessage(job);
        const answer = await reply.promise;
        if ('failed' in answer) throw receiveError(answer.failed);
        return answer.done;
      } finally {
        worker.off('message', onMessage);
        worker.unref();
      }
    },
    async end(withinMs = END_WITHIN_MS) {
      if (!isAlive) return;
      worker.ref();
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
      worker.postMessage(END);
      // One that is stopped from outside while it starts may take the process with it.
      await Promise.race([begun, ended, sleep(BEGIN_WITHIN_MS, undefined, { ref: false })]);
      await Promise.race([ended, sleep(withinMs, undefined, { ref: false })]);
      if (isAlive) await worker.terminate();
    },
  };
}

function threadEnded(name: string, cause: unknown): Error {
  return new InternalError(`the thread ${name} ended unexpectedly`, {
    why: cause instanceof Error ? cause.message : 'it gave no reason',
    hint: 'try again; if it happens again, the log of the engine says more',
    cause,
  });
}

/** Source runs as it is; a bundle has a file for every thread beside it. */
function entryOf(name: string, folder: string): URL {
  const isSource = import.meta.url.endsWith('.ts');
  return new URL(isSource ? `${folder}/${name}.ts` : `./${name}.mjs`, import.meta.url);
}
