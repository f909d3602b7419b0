import { NotFoundError } from '#lib/errors.ts';
import { isErrno } from './file-error.ts';

/** Looks at a tree that programs may change meanwhile: undefined if what is looked at, or a folder above it, is not there any more. */
export function unlessGone<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (error instanceof NotFoundError || isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}
