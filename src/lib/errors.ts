/** What went wrong, in the few kinds that callers decide on. Nothing here knows HTTP: `api/status.ts` maps kinds to codes. */
export abstract class BerthError extends Error {
  /** Stable identifier of the kind, for programs. */
  abstract readonly code: string;
  /** Why it happened, for the person who reads it; the message says what failed. */
  readonly why: string | undefined;
  /** What to do about it, for the person who reads it. */
  readonly hint: string | undefined;

  constructor(message: string, { why, hint, cause }: { why?: string; hint?: string; cause?: unknown } = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.why = why;
    this.hint = hint;
  }

  override get name(): string {
    return this.constructor.name;
  }
}

export class InvalidArgumentError extends BerthError {
  readonly code = 'invalid-argument';
}
export class UnauthenticatedError extends BerthError {
  readonly code = 'unauthenticated';
}
export class PermissionDeniedError extends BerthError {
  readonly code = 'permission-denied';
}
export class NotFoundError extends BerthError {
  readonly code = 'not-found';
}
export class ConflictError extends BerthError {
  readonly code = 'conflict';
}
/** The state asked for is already there. */
export class NotModifiedError extends BerthError {
  readonly code = 'not-modified';
}
export class TooLargeError extends BerthError {
  readonly code = 'too-large';
}
export class RangeNotSatisfiableError extends BerthError {
  readonly code = 'range-not-satisfiable';
}
/** Something that is needed is not there now: a registry, the disk's space, the engine. */
export class UnavailableError extends BerthError {
  readonly code = 'unavailable';
}
export class NotImplementedError extends BerthError {
  readonly code = 'not-implemented';
}
export class CancelledError extends BerthError {
  readonly code = 'cancelled';
}
/** Bytes that were promised are gone or changed. */
export class DataLossError extends BerthError {
  readonly code = 'data-loss';
}
/** A defect of ours, or of something below us that we cannot name better. */
export class InternalError extends BerthError {
  readonly code = 'internal';
}
