import {
  BerthError,
  ConflictError,
  InternalError,
  InvalidArgumentError,
  NotFoundError,
  PermissionDeniedError,
} from '#lib/errors.ts';
import { noSpace } from '#lib/full-disk.ts';

/** Whether a system call failed with one of these codes. */
export function isErrno(error: unknown, ...codes: readonly string[]): boolean {
  const code = (error as { code?: unknown } | undefined)?.code;
  return error instanceof Error && typeof code === 'string' && codes.includes(code);
}

/** What a failed system call on a file means to us; errors of ours pass through. */
export function fileError(error: unknown, path: string): BerthError {
  if (error instanceof BerthError) return error;
  const { code = (error as Error).message } = error as { code?: string };
  const message = `${path}: ${code}`;
  switch (code) {
    case 'ENOENT':
      return new NotFoundError(`${path}: no such file or directory`, { cause: error });
    case 'ENOTDIR':
      return new InvalidArgumentError(`${path}: not a directory`, { cause: error });
    case 'EEXIST':
    case 'ENOTEMPTY':
    case 'EBUSY':
      return new ConflictError(message, { cause: error });
    case 'ELOOP':
    case 'ENOTSUP': // a change of mode met a symbolic link
    case 'EISDIR':
    case 'EINVAL':
    case 'ENAMETOOLONG':
      return new InvalidArgumentError(message, { cause: error });
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new PermissionDeniedError(message, { cause: error });
    case 'ENOSPC':
    case 'EDQUOT':
      return noSpace(`${path} could not be written (${code})`, error);
    default:
      return new InternalError(message, { cause: error });
  }
}
