import { run } from '#lib/run.ts';

/** Where a folder stands in its repository. */
export interface GitState {
  commit: string | null;
  isDirty: boolean | null;
  /** What differs from the commit; its beginning at most. */
  diff: string | null;
}

const TIMEOUT_MS = 5000;
const MAX_DIFF_CHARACTERS = 128 * 1024;
/** Programs that a repository's own configuration names are not run: filters, drivers of diffs, monitors, hooks. */
const SAFE = ['-c', 'safe.directory=*', '-c', 'core.fsmonitor=false', '-c', 'core.hooksPath=/dev/null', '-c', 'diff.external=', '-c', 'core.attributesFile=/dev/null']; // prettier-ignore

/** Commit of the repository that a folder lies in, and what differs from it; nulls where there is no repository, or no git. */
export async function gitState(directory: string): Promise<GitState> {
  const commit = (await git(directory, 'rev-parse', '--verify', 'HEAD'))?.trim();
  if (commit === undefined || (await hasPrograms(directory))) return { commit: commit ?? null, isDirty: null, diff: null };
  const diff = await git(directory, 'diff', '--no-ext-diff', '--no-textconv', '--no-color', '--relative', 'HEAD', '--', '.');
  const isDirty = diff === undefined ? null : diff !== '';
  return { commit, isDirty, diff: diff === undefined || diff === '' ? null : diff.slice(0, MAX_DIFF_CHARACTERS) };
} // prettier-ignore

/** A comparison runs the filters that a configuration names; where there are some, none is made. */
async function hasPrograms(directory: string): Promise<boolean> {
  const names = await git(directory, 'config', '--local', '--name-only', '--get-regexp', String.raw`^(filter|diff)\..*\.(clean|smudge|process|command|textconv)$`); // prettier-ignore
  return names !== undefined && names.trim() !== '';
}

async function git(directory: string, ...words: string[]): Promise<string | undefined> {
  const env = { PATH: process.env['PATH'] ?? '', GIT_NO_LAZY_FETCH: '1', GIT_ALLOW_PROTOCOL: '', GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null', GIT_TERMINAL_PROMPT: '0', GIT_OPTIONAL_LOCKS: '0' };
  try {
    const { stdout } = await run(['git', ...SAFE, '-C', directory, ...words], { env, signal: AbortSignal.timeout(TIMEOUT_MS) });
    return stdout;
  } catch {
    return undefined; // no git, no repository, or nothing of what was asked for
  }
} // prettier-ignore
