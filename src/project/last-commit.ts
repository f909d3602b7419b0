import { readGit } from './read-git.ts';

/** Day of the last commit of the repository that a folder lies in, such as `2022-04-18`; undefined if there is none. Only an object is read. */
export async function lastCommit(directory: string): Promise<string | undefined> {
  const commit = await readGit(directory, 'cat-file', 'commit', 'HEAD');
  const seconds = /^committer .* (\d{6,12}) [+-]\d{4}$/m.exec(commit ?? '')?.[1];
  return seconds === undefined ? undefined : new Date(Number(seconds) * 1000).toISOString().slice(0, 10);
}
