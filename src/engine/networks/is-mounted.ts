import { statSync } from 'node:fs';
import { dirname } from 'node:path';

/** Whether something is mounted at a path: a pinned namespace is on another device than its folder. */
export function isMounted(path: string): boolean {
  try {
    return statSync(path).dev !== statSync(dirname(path)).dev;
  } catch {
    return false;
  }
}
