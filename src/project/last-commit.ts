import { run } from '#lib/run.ts';

const TIMEOUT_MS = 3000;

/**
 * Day of the last commit of the repository that a folder lies in, such as `2022-04-18`; undefined if there is none. Only an object is read: nothing that the
 * repository's own configuration names is run or fetched.
 */
export async function lastCommit(directory: string): Promise<string | undefined> {
  const env = { PATH: process.env['PATH'] ?? '', GIT_NO_LAZY_FETCH: '1', GIT_ALLOW_PROTOCOL: '', GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null', GIT_TERMINAL_PROMPT: '0' };
  try {
    const { stdout } = await run(['git', '-c', 'safe.directory=*', '-c', 'core.fsmonitor=false', '-C', directory, 'cat-file', 'commit', 'HEAD'], { env, signal: AbortSignal.timeout(TIMEOUT_MS) });
    const seconds = /^committer .* (\d{6,12}) [+-]\d{4}$/m.exec(stdout)?.[1];
    return seconds === undefined ? undefined : new Date(Number(seconds) * 1000).toISOString().slice(0, 10);
  } catch {
    return undefined; // no git, no repository, or none that can be read: then nothing says of when it is
  }
} // prettier-ignore
