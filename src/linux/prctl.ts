import { c, checked } from './ffi.ts';

const PR_SET_CHILD_SUBREAPER = 36;

/** Makes orphans below this process its children, instead of the host's first process's: their exit codes are ours to read. */
export function becomeSubreaper(): void {
  checked(c.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 'become subreaper');
}
