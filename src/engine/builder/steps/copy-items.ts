import { basename } from 'node:path';
import { type GitReference, parseGitReference } from '#dockerfile/git-reference.ts';
import { expand } from '#dockerfile/expand.ts';
import { type Heredoc, heredocText, parseHeredoc } from '#dockerfile/heredoc.ts';
import type { CopyInstruction } from '#dockerfile/instruction.ts';
import { ConflictError, InvalidArgumentError } from '#lib/errors.ts';
import { openRoot } from '#lib/files/open-root.ts';
import { sha256 } from '#lib/sha256.ts';
import type { OpenSource, StageRun } from '../build-run.ts';
import { pathOf } from '../sources/context-paths.ts';
import { digestSource } from '../sources/digest-source.ts';
import { checkDigest, download, parseChecksum, unchangedDownload } from '../sources/download.ts';
import { matchParents, matchSources } from '../sources/find-sources.ts';
import { type Checkout, fetchGit, type GitAsk, resolveGit } from '../sources/git/fetch-git.ts';
import { gitMaterial } from '../sources/git-context.ts';
import { fileSource, inlineSource } from '../sources/inline-source.ts';
import { isArchive } from '../sources/is-archive.ts';
import { shown } from '../sources/network/open-url.ts';
import { openFrom } from '../sources/open-from.ts';
import type { Source, SourceTree } from '../sources/source-tree.ts';

/** Something to copy, with the tree it is in. */
export interface LoadedItem {
  tree: SourceTree;
  source: Source;
  /** ADD unpacks it. */
  isArchive: boolean;
}

/** Something to copy; what has a name for good is fetched only when it is copied. */
export interface Item {
  /** Of all that is copied; hexadecimal. */
  digest: string;
  /** Whether it is an archive that is unpacked, where the digest does not say it. */
  unpacks: boolean;
  /** As the history names it. */
  kind: 'file' | 'dir';
  load(): Promise<LoadedItem>;
  /** What is here already. */
  loaded: LoadedItem | undefined;
}

interface Collecting {
  run: StageRun;
  instruction: CopyInstruction;
  resources: AsyncDisposableStack;
  exclude: readonly string[];
}

/** What the words of COPY or ADD name. Views and files are let go with `resources`. @throws {NotFoundError} {InvalidArgumentError} */
export async function collectItems(
  run: StageRun,
  ...[instruction, resources]: [instruction: CopyInstruction, resources: AsyncDisposableStack]
): Promise<Item[]> {
  const { scope } = run.state;
  const from = instruction.from ?? '';
  if (from !== '' && instruction.heredocs.length > 0) throw new InvalidArgumentError('COPY --from has no heredocs');
  const exclude = instruction.exclude.map((pattern) => scope.expand(pattern));
  const collecting = { run, instruction, resources, exclude };
  const heredocs = [...instruction.heredocs];
  const words = instruction.sources.map((word) => {
    const heredoc = parseHeredoc(word) === undefined ? undefined : heredocs.shift();
    return heredoc ?? scope.expand(word);
  });
  checkChecksum(instruction, words);
  const isLocal = (word: string | Heredoc): word is string => typeof word === 'string' && !isRemote(instruction, word);
  const opened = words.some(isLocal) ? await openSource(collecting, words.filter(isLocal)) : undefined;
  const items: Item[] = [];
  for (const word of words) {
    if (typeof word !== 'string') items.push(await fromHeredoc(run, word));
    else if (!isRemote(instruction, word)) items.push(...(await fromTree(collecting, opened?.tree, word)));
    else items.push(/^https?:/i.test(word) && !isGit(word) ? await fromUrl(collecting, word) : await fromGit(collecting, word)); // prettier-ignore
  }
  return items;
}

function isGit(word: string): boolean {
  return parseGitReference(word)?.looksLocal === false;
}

/** @throws {InvalidArgumentError} for COPY, which takes nothing from elsewhere */
function isRemote({ kind }: CopyInstruction, word: string): boolean {
  const isAddress = /^https?:\/\//i.test(word) || isGit(word);
  if (isAddress && kind === 'copy')
    throw new InvalidArgumentError(`source can't be a ${isGit(word) ? 'git ref' : 'URL'} for COPY`, {
      why: 'COPY takes files from the build context, a stage or an image',
      hint: 'write ADD',
    });
  return isAddress;
}

function checkChecksum({ checksum, kind }: CopyInstruction, words: readonly (string | Heredoc)[]): void {
  if (checksum === undefined || checksum === '') return;
  const [word] = words;
  if (kind === 'copy') throw new InvalidArgumentError("checksum can't be specified for COPY", { hint: 'write ADD' });
  if (words.length !== 1) throw new InvalidArgumentError("checksum can't be specified for multiple sources");
  if (typeof word !== 'string' || !(/^https?:\/\//i.test(word) || isGit(word)))
    throw new InvalidArgumentError('checksum requires HTTP(S) or Git sources', {
      why: 'files of the build context change with the context',
    });
}

async function openSource(
  { run, instruction, resources }: Collecting,
  words: readonly string[],
): Promise<Pick<OpenSource, 'tree'>> {
  const from = instruction.from ?? '';
  if (from === '') return { tree: await run.build.files.context(words.map(pathOf)) };
  return resources.use(await openFrom(run, run.state.scope.expand(from)));
}

async function fromTree(
  { run, instruction, exclude }: Collecting,
  ...[tree, word]: [tree: SourceTree | undefined, word: string]
): Promise<Item[]> {
  if (tree === undefined) return [];
  const find = instruction.parents ? matchParents : matchSources;
  const items: Item[] = [];
  for (const source of find(tree, word, exclude)) {
    if (tree.kind === 'context') run.build.files.sizes.add(source.entries);
    const withOwner = instruction.kind === 'copy' && tree.kind === 'stage' && instruction.chown === undefined;
    const digest = await digestSource(tree, source, { withOwner, signal: run.build.signal });
    const mayUnpack = instruction.unpack ?? instruction.kind === 'add';
    const unpacks = mayUnpack && !source.isDirectory && (await isArchive(tree.root, source));
    items.push(itemOf(digest, { tree, source, isArchive: unpacks }, unpacks));
  }
  return items;
}

function itemOf(digest: string, loaded: LoadedItem, unpacks = false): Item {
  return { digest, unpacks, kind: loaded.source.isDirectory ? 'dir' : 'file', load: async () => loaded, loaded };
}

/** What is fetched when it is copied. */
function laterItem(digest: string, ...[kind, load]: [kind: Item['kind'], load: () => Promise<LoadedItem>]): Item {
  return { digest, unpacks: false, kind, load: once(load), loaded: undefined };
}

async function fromHeredoc({ state, build }: StageRun, heredoc: Heredoc): Promise<Item> {
  const raw = heredocText(heredoc);
  const variables = state.scope.variables();
  const text = heredoc.expand
    ? expand(raw, variables, { heredoc: true, escape: build.plan.program.directives.escape }).word
    : raw;
  const { tree, source } = await inlineSource(build.files.scratch, { name: heredoc.name, text });
  const digest = sha256(`${heredoc.name}\n${text}`).slice('sha256:'.length);
  return itemOf(digest, { tree, source, isArchive: false });
}

/** What BuildKit calls a file that nobody names. */
const UNNAMED = '__unnamed__';

/** With a checksum, or by what the server says, it is known what will come before it comes. */
async function fromUrl({ run, instruction }: Collecting, url: string): Promise<Item> {
  const { build, vertex } = run;
  const { checksum = '' } = instruction;
  const pinned = checksum === '' ? undefined : parseChecksum(checksum);
  const name = nameOfUrl(url);
  const unpack = instruction.unpack === true;
  const load = async (): Promise<LoadedItem & { digest: string }> => {
    const found = await download(url, { ...build.files.ask, vertex });
    if (pinned !== undefined) checkDigest(url, found.digest, checksum);
    const { tree, source } = await fileSource(found.folder, name ?? found.name ?? UNNAMED);
    return { tree, source, isArchive: unpack && (await isArchive(tree.root, source)), digest: found.digest };
  };
  const digestOf = (content: string, file: string): string => {
    build.materials.push({ uri: shown(url), digest: { sha256: content } });
    return sha256(`url ${file} ${content} ${unpack}`).slice('sha256:'.length);
  };
  const later = (content: string, file: string): Item => {
    const same = async (): Promise<LoadedItem> => {
      const { digest, ...loaded } = await load();
      checkDigest(url, digest, `sha256:${content}`);
      return loaded;
    };
    return laterItem(digestOf(content, file), 'file', same);
  };
  if (pinned !== undefined && name !== undefined) return later(pinned, name);
  const kept = pinned === undefined ? await unchangedDownload(url, { ...build.files.ask, vertex }) : undefined;
  if (kept !== undefined) return later(kept.digest, name ?? kept.name ?? UNNAMED);
  const { digest, ...loaded } = await load();
  return itemOf(digestOf(digest, loaded.source.name), loaded);
}

/** Undefined where the path ends with nothing that could be a name. */
function nameOfUrl(url: string): string | undefined {
  let name = basename(new URL(url).pathname);
  try {
    name = decodeURIComponent(name);
  } catch {
    // A percent sign that encodes nothing stays.
  }
  return ['', '.', '..'].includes(name) ? undefined : name;
}

async function fromGit({ run, instruction, exclude }: Collecting, word: string): Promise<Item> {
  const { build, vertex } = run;
  const reference = withFlags(word, instruction);
  const ask = { ...build.files.ask, vertex };
  const { subdir = '', keepGitDir = false, submodules = true, mtime = 'checkout' } = reference;
  const digestOf = (commit: string): string => {
    build.materials.push(gitMaterial(reference, commit));
    const facts = ['git', commit, subdir, keepGitDir, submodules, mtime, exclude];
    return sha256(JSON.stringify(facts)).slice('sha256:'.length);
  };
  const known = await commitBehind(reference, ask);
  if (known === undefined) {
    const checkout = await fetchGit(reference, ask);
    return itemOf(digestOf(checkout.commit), gitItem(checkout, exclude));
  }
  const load = async (): Promise<LoadedItem> => {
    const checkout = await fetchGit(reference, ask);
    if (checkout.commit === known || checkout.tag === known) return gitItem(checkout, exclude);
    throw new ConflictError(`${gitMaterial(reference, known).uri} got another commit while it was fetched`, {
      why: 'somebody pushed to it just now',
      hint: 'build again, or name a commit',
    });
  };
  return laterItem(digestOf(known), 'dir', load);
}

/** What is known of a repository before it is fetched: a whole commit says what all of it is, and a server tells what its branches are. */
async function commitBehind(reference: GitReference, ask: GitAsk): Promise<string | undefined> {
  const { checksum, ref } = reference;
  const whole = [checksum, ref].find((name) => /^[0-9a-f]{40}$/.test(name ?? ''));
  if (whole !== undefined) return whole;
  const found = await resolveGit(reference, ask);
  return checksum === undefined || found?.startsWith(checksum) === true ? found : undefined;
}

function gitItem({ path }: Checkout, exclude: readonly string[]): LoadedItem {
  const tree: SourceTree = {
    root: openRoot(path),
    kind: 'context',
    digests: new Map(),
    taken: new Map(),
    mayTake: true,
    owner: { uid: 0, gid: 0 },
  };
  const [source] = matchSources(tree, '/', exclude);
  return { tree, source: source ?? { name: '', path: '', isDirectory: true, entries: [] }, isArchive: false };
}

function withFlags(word: string, { keepGitDir, checksum = '' }: CopyInstruction): GitReference {
  const reference = parseGitReference(word);
  if (reference === undefined) throw new InvalidArgumentError(`${word} is no git repository`);
  if (checksum !== '' && reference.checksum !== undefined && reference.checksum !== checksum)
    throw new InvalidArgumentError(`checksum mismatch ${JSON.stringify(checksum)} != ${JSON.stringify(reference.checksum)}`); // prettier-ignore
  return {
    ...reference,
    keepGitDir: reference.keepGitDir ?? keepGitDir,
    checksum: checksum === '' ? reference.checksum : checksum,
  };
}

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => (result ??= work());
}
