import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type GitReference, withoutCredentials } from '#dockerfile/git-reference.ts';
import { InvalidArgumentError, NotFoundError, PermissionDeniedError } from '#lib/errors.ts';
import { openRoot } from '#lib/files/open-root.ts';
import { setTimes } from '#linux/times.ts';
import type { ContextAsk } from '../context-source.ts';
import { publicAddresses } from '../network/guarded-lookup.ts';
import { forwardAgent } from './forward-agent.ts';
import { gitSettings } from './git-settings.ts';
import { GitError, type GitOptions, runGit } from './run-git.ts';

/** What fetching needs to know. */
export type GitAsk = Pick<ContextAsk, 'scratch' | 'signal' | 'vertex' | 'secrets' | 'ssh' | 'guardNetwork'>;

/** A repository as it was at one commit. */
export interface Checkout {
  /** The files; of the folder that was asked for. Goes with the build's scratch folder. */
  path: string;
  commit: string;
  /** What was fetched by name: a tag of its own, or the commit again. */
  tag: string;
  /** Seconds since epoch, of the commit. */
  epoch: number;
}

const COMMIT = /^[0-9a-f]{40}([0-9a-f]{24})?$/;

/**
 * Fetches one commit of a repository, with its submodules.
 * @throws {UnavailableError} if it cannot be had; {PermissionDeniedError} if it may not; {NotFoundError} without such a folder;
 * {InvalidArgumentError} if it is another commit than `checksum` says
 */
export async function fetchGit(reference: GitReference, ask: GitAsk): Promise<Checkout> {
  const { scratch, vertex } = ask;
  await using cleanup = new AsyncDisposableStack();
  const folder = await mkdtemp(join(scratch, 'git-'));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  const tree = join(folder, 'tree');
  await mkdir(tree, { mode: 0o755 });
  const remote = remoteOf(reference);
  const git = await optionsFor(remote, { ...ask, cwd: tree }, cleanup);
  vertex.note(`Fetching ${withoutCredentials(remote)}`);
  await runGit(['init', '--quiet'], git);
  const wanted = wantedOf(reference);
  const tip = await fetchCommit(wanted, git);
  const [commit = '', tag = ''] = (await runGit(['rev-parse', `${tip}^{commit}`, tip], git)).trim().split('\n');
  checkCommit(reference, commit, tag);
  await runGit(['checkout', '--quiet', '--force', ...checkoutOf(wanted, commit)], git);
  if (reference.submodules !== false) await updateSubmodules(git, ask);
  const epoch = Number((await runGit(['show', '--no-patch', '--format=%ct', commit], git)).trim());
  if (reference.keepGitDir === true) await finishGitDir(remote, git);
  else await removeGitDirs(tree);
  const path = await folderIn(tree, reference);
  if (reference.mtime === 'commit') setAllTimes(path, BigInt(epoch) * 1_000_000_000n);
  cleanup.move(); // it goes with the scratch folder
  return { path, commit, tag, epoch };
}

/**
 * The commit that a repository has under a name now, without fetching it.
 * @returns undefined if that takes more than to ask
 * @throws {UnavailableError} {PermissionDeniedError}
 */
export async function resolveGit(reference: GitReference, ask: GitAsk): Promise<string | undefined> {
  await using cleanup = new AsyncDisposableStack();
  const wanted = wantedOf(reference);
  const git = await optionsFor(remoteOf(reference), { ...ask, cwd: ask.scratch }, cleanup);
  const text = await runGit(['ls-remote', '--quiet', 'origin', wanted, `${wanted}^{}`], git);
  const found = new Map(
    text.split('\n').map((line) => line.split('\t').toReversed() as [name: string, commit: string]),
  );
  // As git itself decides; what a tag of its own stands for comes with a mark behind it.
  const names = [wanted, `refs/${wanted}`, `refs/tags/${wanted}`, `refs/heads/${wanted}`];
  const name = names.find((one) => found.has(one));
  return name === undefined ? undefined : (found.get(`${name}^{}`) ?? found.get(name));
}

async function optionsFor(
  remote: string,
  ...[ask, cleanup]: [ask: GitAsk & { cwd: string }, cleanup: AsyncDisposableStack]
): Promise<GitOptions> {
  const settings = await gitSettings(remote, ask);
  const agent = await agentOf(remote, ask, cleanup);
  return { cwd: ask.cwd, settings, agent, signal: ask.signal };
}

function remoteOf({ remote, looksLocal }: GitReference): string {
  return looksLocal ? `https://${remote}` : remote;
}

/** What is asked of the remote. A name that begins like an option of git is none. */
function wantedOf({ ref, checksum, fetchByCommit }: GitReference): string {
  const wanted = fetchByCommit ? checksum : (ref ?? checksum);
  if (wanted === undefined) return 'HEAD';
  if (wanted.startsWith('-') || /[\s:^~?*[\\]/.test(wanted) || wanted.includes('..'))
    throw new InvalidArgumentError(`${JSON.stringify(wanted)} is no name of a branch, tag or commit`);
  return wanted;
}

/**
 * As little as the server gives: one commit, or all of the history where it does not give single commits out.
 * @returns what names it now
 */
async function fetchCommit(wanted: string, git: GitOptions): Promise<string> {
  const fetch = ['fetch', '--quiet', '--no-tags', '--no-recurse-submodules'];
  try {
    await runGit([...fetch, '--depth=1', 'origin', wanted], git);
    return 'FETCH_HEAD';
  } catch (error) {
    const isCommit = /^[0-9a-f]{4,64}$/.test(wanted);
    if (!(error instanceof GitError) || !(isCommit || /shallow|depth/.test(error.output))) throw error;
    await runGit([...fetch, 'origin', '+refs/*:refs/remotes/origin/*'], git);
    if (isCommit) return await knownCommit(wanted, git);
    await runGit([...fetch, 'origin', wanted], git);
    return 'FETCH_HEAD';
  }
}

async function knownCommit(commit: string, git: GitOptions): Promise<string> {
  try {
    return (await runGit(['rev-parse', '--verify', '--quiet', '--end-of-options', `${commit}^{commit}`], git)).trim();
  } catch (error) {
    if (!(error instanceof GitError)) throw error;
    throw new NotFoundError(`there is no commit ${commit} in the repository`, {
      why: 'no branch and no tag leads to it',
      hint: 'check the digits, and whether the commit was pushed',
      cause: error,
    });
  }
}

/** Of a branch, HEAD stands on it, as a clone would leave it. */
function checkoutOf(wanted: string, commit: string): string[] {
  const isBranch = wanted !== 'HEAD' && !COMMIT.test(wanted) && !wanted.startsWith('refs/');
  return isBranch ? ['-B', wanted, commit] : ['--detach', commit];
}

function checkCommit({ checksum, remote, ref }: GitReference, ...[commit, tag]: [commit: string, tag: string]): void {
  if (checksum === undefined) return;
  if (!/^[0-9a-f]{4,64}$/.test(checksum))
    throw new InvalidArgumentError(`invalid checksum ${JSON.stringify(checksum)} of a git repository`, {
      why: 'it is the hexadecimal digest of a commit',
    });
  if (commit.startsWith(checksum) || tag.startsWith(checksum)) return;
  throw new InvalidArgumentError(
    `expected checksum to match ${checksum}, got ${commit} of ${withoutCredentials(remote)}${ref === undefined ? '' : `#${ref}`}`,
    { why: 'the branch or tag points at another commit now', hint: 'check the commit, and write its digest' },
  );
}

async function updateSubmodules(git: GitOptions, { guardNetwork }: GitAsk): Promise<void> {
  using root = openRoot(git.cwd);
  if (root.lstat('.gitmodules') === undefined) return;
  if (guardNetwork === true)
    throw new PermissionDeniedError('the submodules of a repository may not be fetched by a build', {
      why: 'this engine builds for others, and they may lead anywhere',
      hint: 'leave them out with ?submodules=false behind the address',
    });
  await runGit(['submodule', '--quiet', 'update', '--init', '--recursive', '--depth=1'], git);
}

/** The address stays without its credentials. */
async function finishGitDir(remote: string, git: GitOptions): Promise<void> {
  await runGit(['remote', 'add', 'origin', withoutCredentials(remote)], { ...git, settings: new Map() });
  await runGit(['reflog', 'expire', '--all', '--expire=now'], git);
  using root = openRoot(git.cwd);
  root.remove('.git/FETCH_HEAD');
}

/** Also those of submodules. */
async function removeGitDirs(tree: string): Promise<void> {
  using root = openRoot(tree, { links: 'refuse' });
  const visit = (folder: string): void => {
    for (const name of root.readdir(folder)) {
      const path = folder === '' ? name : `${folder}/${name}`;
      if (name === '.git') root.remove(path);
      else if (root.lstat(path)?.isDirectory() === true) visit(path);
    }
  };
  visit('');
}

/** No link of the repository leads out of it. */
async function folderIn(tree: string, { subdir = '', remote }: GitReference): Promise<string> {
  using root = openRoot(tree);
  const path = root.resolveInRoot(subdir, { follow: true });
  if (root.lstat(path)?.isDirectory() !== true)
    throw new NotFoundError(`there is no folder ${subdir} in ${withoutCredentials(remote)}`, {
      hint: 'check what stands behind the colon of the address',
    });
  return join(tree, path);
}

function setAllTimes(folder: string, timeNs: bigint): void {
  using root = openRoot(folder, { links: 'refuse' });
  const visit = (path: string): void => {
    const place = root.locate(path).path;
    const isFolder = root.lstat(path)?.isDirectory() === true;
    if (typeof place === 'string') setTimes(place, { atimeNs: timeNs, mtimeNs: timeNs });
    if (isFolder) for (const name of root.readdir(path)) visit(path === '' ? name : `${path}/${name}`);
  };
  visit('');
}

async function agentOf(
  remote: string,
  ...[{ ssh, scratch, signal, guardNetwork }, cleanup]: [ask: GitAsk, cleanup: AsyncDisposableStack]
): Promise<string | undefined> {
  const isSsh = !/^(https?|git):/i.test(remote);
  if (guardNetwork === true && !/^https?:/i.test(remote))
    throw new PermissionDeniedError(`${withoutCredentials(remote)} may not be fetched by a build`, {
      why: 'this engine builds for others, and fetches by http and https only',
      hint: 'name the repository by its https address',
    });
  if (guardNetwork === true) await publicAddresses(new URL(remote).hostname);
  if (!isSsh || ssh === undefined) return undefined;
  const { path } = cleanup.use(await forwardAgent(ssh, { scratch, id: 'default', signal }));
  return path;
}
