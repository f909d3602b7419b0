import { homedir } from 'node:os';
import { join } from 'node:path';

/** `$XDG_CACHE_HOME/berth/index`: the resolver, and what package indexes answered. */
export function indexCacheFolder(environment: Readonly<Record<string, string | undefined>> = process.env): string {
  const home = environment['XDG_CACHE_HOME'];
  return join(home === undefined || home === '' ? join(homedir(), '.cache') : home, 'berth', 'index');
}
