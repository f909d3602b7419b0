import { UnavailableError } from '#lib/errors.ts';
import { VERSION } from '#lib/version.ts';
import type { Ring } from './ring.ts';

/** What a thread is given when it is started. */
export interface WorkerStart {
  version: string;
  ring: Ring;
}

/** The same for a thread whose jobs say all that it needs. */
export type PlainStart = Pick<WorkerStart, 'version'>;

export function toWorker(ring: Ring): WorkerStart {
  return { version: VERSION, ring };
}

export function toPlainWorker(): PlainStart {
  return { version: VERSION };
}

/**
 * What the thread that runs this was given.
 * @throws {UnavailableError} if another version gave it: the program on the disk was replaced while the engine runs
 */
export function fromEngine(start: WorkerStart): Ring {
  checkStart(start);
  return start.ring;
}

/** @throws as `fromEngine` */
export function checkStart({ version }: PlainStart): void {
  if (version === VERSION) return;
  throw new UnavailableError(`the engine that runs is version ${version}, its program on the disk version ${VERSION}`, {
    hint: 'restart the engine',
  });
}

/** The message that ends a thread, once its job is done. */
export const END = 'end';
