import { fstatSync, statSync } from 'node:fs';

/** How long what `openInput` reads is, bytes; undefined for a pipe. */
export function inputBytes(path: string | undefined): number | undefined {
  try {
    const found = path === undefined || path === '-' ? fstatSync(0) : statSync(path);
    return found.isFile() ? found.size : undefined;
  } catch {
    return undefined; // opening it says why
  }
}
