import { readGit } from '../read-git.ts';

/** Where a folder stands in its repository. */
export interface GitState {
  commit: string | null;
  isDirty: boolean | null;
  /** What differs from the commit; its beginning at most. */
  diff: string | null;
}

const MAX_DIFF_CHARACTERS = 128 * 1024;

/** Commit of the repository that a folder lies in, and what differs from it; nulls where there is no repository, or no git. */
export async function gitState(directory: string): Promise<GitState> {
  const commit = (await readGit(directory, 'rev-parse', '--verify', 'HEAD'))?.trim();
  if (commit === undefined || (await hasPrograms(directory))) return { commit: commit ?? null, isDirty: null, diff: null };
  const diff = await readGit(directory, 'diff', '--no-ext-diff', '--no-textconv', '--no-color', '--relative', 'HEAD', '--', '.');
  const isDirty = diff === undefined ? null : diff !== '';
  return { commit, isDirty, diff: diff === undefined || diff === '' ? null : diff.slice(0, MAX_DIFF_CHARACTERS) };
} // prettier-ignore

/** A comparison runs the filters that a configuration names; where there are some, none is made. */
async function hasPrograms(directory: string): Promise<boolean> {
  const names = await readGit(directory, 'config', '--local', '--name-only', '--get-regexp', String.raw`^(filter|diff)\..*\.(clean|smudge|process|command|textconv)$`); // prettier-ignore
  return names !== undefined && names.trim() !== '';
}
