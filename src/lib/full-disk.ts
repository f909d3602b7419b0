import { type BerthError, UnavailableError } from './errors.ts';

/** SQLITE_FULL of SQLite's result codes. */
const SQLITE_FULL = 13;

/** The error for a person when a write failed because the disk, or the user's share of it, is full; undefined for any other error. */
export function fullDisk(error: unknown): BerthError | undefined {
  const { code, errcode, message } = (error ?? {}) as { code?: unknown; errcode?: unknown; message?: string };
  const isFull = code === 'ENOSPC' || code === 'EDQUOT' || (code === 'ERR_SQLITE_ERROR' && errcode === SQLITE_FULL);
  if (!isFull) return undefined;
  return noSpace(message ?? '', error);
}

/** `what` says what could not be done. */
export function noSpace(what: string, cause: unknown): BerthError {
  return new UnavailableError('no space left on the disk', {
    why: what,
    hint: 'free some space on the disk of the data root, for example with `docker image prune`',
    cause,
  });
}
