import { run } from '#lib/run.ts';

const TIMEOUT_MS = 5000;
/** Programs that a repository's own configuration names are not run: monitors, hooks, drivers of diffs, filters of attributes. */
const SAFE = ['-c', 'safe.directory=*', '-c', 'core.fsmonitor=false', '-c', 'core.hooksPath=/dev/null', '-c', 'diff.external=', '-c', 'core.attributesFile=/dev/null']; // prettier-ignore

/** What git says of a repository that nobody vouches for; undefined if there is no git, no repository, or nothing of what was asked for. Nothing is fetched. */
export async function readGit(directory: string, ...words: string[]): Promise<string | undefined> {
  const env = { PATH: process.env['PATH'] ?? '', GIT_NO_LAZY_FETCH: '1', GIT_ALLOW_PROTOCOL: '', GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null', GIT_TERMINAL_PROMPT: '0', GIT_OPTIONAL_LOCKS: '0' };
  try {
    const { stdout } = await run(['git', ...SAFE, '-C', directory, ...words], { env, signal: AbortSignal.timeout(TIMEOUT_MS) });
    return stdout;
  } catch {
    return undefined;
  }
} // prettier-ignore
