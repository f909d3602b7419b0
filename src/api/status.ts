import {
  type BerthError,
  CancelledError,
  ConflictError,
  InternalError,
  InvalidArgumentError,
  NotFoundError,
  NotImplementedError,
  NotModifiedError,
  PermissionDeniedError,
  RangeNotSatisfiableError,
  TooLargeError,
  UnauthenticatedError,
  UnavailableError,
} from '#lib/errors.ts';

type ErrorKind = new (message: string, details?: { why?: string; hint?: string }) => BerthError;

const KINDS: readonly (readonly [ErrorKind, number])[] = [
  [NotModifiedError, 304],
  [InvalidArgumentError, 400],
  [UnauthenticatedError, 401],
  [PermissionDeniedError, 403],
  [NotFoundError, 404],
  [ConflictError, 409],
  [TooLargeError, 413],
  [RangeNotSatisfiableError, 416],
  [CancelledError, 499],
  [NotImplementedError, 501],
  [UnavailableError, 503],
];

/** HTTP status that the Engine API answers with for an error of this kind; 500 for any other. */
export function statusOf(error: unknown): number {
  return KINDS.find(([Kind]) => error instanceof Kind)?.[1] ?? 500;
}

/** The reverse, so that a caller of the client catches the same kinds as a caller of the engine. */
export function errorOf(status: number, message: string, details: { why?: string; hint?: string } = {}): BerthError {
  const Kind = KINDS.find(([, code]) => code === status)?.[0] ?? InternalError;
  return new Kind(message, details);
}
