import { expand } from '#dockerfile/expand.ts';
import type { CopyInstruction } from '#dockerfile/instruction.ts';
import { type Heredoc, heredocText, parseHeredoc } from '#dockerfile/heredoc.ts';
import { lookupUser } from '#engine/containers/users.ts';
import { InvalidArgumentError } from '#lib/errors.ts';
import { openRoot } from '#lib/files/open-root.ts';
import { sha256 } from '#lib/sha256.ts';
import type { StageRun } from '../build-run.ts';
import { applyChmod } from './chmod.ts';
import { resolveWorkdir } from './config-step.ts';
import { download, isUrl } from '../sources/download.ts';
import { isArchive, unpackArchive } from './local-archive.ts';
import { openFrom } from '../sources/open-from.ts';
import { digestSource, findSources, type Source, type SourceTree } from '../sources/source-tree.ts';
import { shellOf } from '../stages/stage-state.ts';
import { nop, type Step } from './step.ts';
import type { Workspace } from '../workspace.ts';
import { type Takeover, takeOver } from './take-over.ts';
import { writeSource } from './write-files.ts';
import { inlineSource } from '../sources/inline-source.ts';

/** Something to copy, with the tree it is in. */
interface Item {
  tree: SourceTree;
  source: Source;
  digest: string;
  /** ADD unpacks it. */
  isArchive: boolean;
}

/** COPY and ADD. */
export async function copyStep(run: StageRun, instruction: CopyInstruction): Promise<Step> {
  const { state } = run;
  const { scope } = state;
  await using resources = new AsyncDisposableStack();
  const chown = expandOptional(run, instruction.chown);
  const chmod = expandOptional(run, instruction.chmod);
  if (chmod !== undefined) applyChmod(chmod, 0, false);
  const items = await collect({ run, resources }, instruction);
  const written = scope.expand(instruction.target);
  const target = resolveTarget(state.config.WorkingDir, written);
  const isFolder = target.isFolder || items.length > 1;
  if (items.length > 1 && !target.isFolder)
    throw new InvalidArgumentError(
      `When using ${instruction.kind.toUpperCase()} with more than one source file, the destination must be a directory and end with a /`,
    );
  const keepOwner =
    instruction.kind === 'copy' && instruction.from !== undefined && instruction.from !== '' && chown === undefined;
  const name = instruction.kind.toUpperCase();
  const flag = chown === undefined ? '' : `--chown=${chown} `;
  const text = `${name} ${flag}${describe(items)} in ${written} `;
  const held = resources.move();
  return {
    inputs: [
      { name: 'instruction', value: [name, instruction.parents] },
      { name: 'target', value: [target, isFolder] },
      { name: 'owner', value: [chown ?? '', keepOwner] },
      { name: 'mode', value: chmod ?? '' },
      { name: 'files', value: items.map(({ digest, isArchive: unpacks }) => [digest, unpacks]) },
    ],
    createdBy: nop(shellOf(state), text),
    resources: held,
    run: (workspace) =>
      write(workspace, {
        items,
        target: { ...target, isFolder },
        chown,
        chmod,
        keepOwner,
        parents: instruction.parents,
        run,
      }),
  };
}

function expandOptional({ state }: StageRun, text: string | undefined): string | undefined {
  const expanded = text === undefined ? '' : state.scope.expand(text);
  return expanded === '' ? undefined : expanded;
}

interface Target {
  /** Cleaned, with a leading slash. */
  path: string;
  /** Written so that it names a folder. */
  isFolder: boolean;
}

function resolveTarget(workdir: string | undefined, written: string): Target {
  const path = resolveWorkdir(workdir, written);
  return { path, isFolder: path === '/' || /(^|\/)\.{0,2}$/.test(written) };
}

/** As the history names what was copied. */
function describe(items: readonly Item[]): string {
  const [only] = items;
  if (only === undefined) return '';
  if (items.length > 1) return `multi:${sha256(items.map(({ digest }) => digest).join(' ')).slice('sha256:'.length)}`;
  return `${only.source.isDirectory ? 'dir' : 'file'}:${only.digest}`;
}

interface Collecting {
  run: StageRun;
  resources: AsyncDisposableStack;
}

async function collect(collecting: Collecting, instruction: CopyInstruction): Promise<Item[]> {
  const { run, resources } = collecting;
  const { build, state } = run;
  const { from } = instruction;
  if (from !== undefined && from !== '' && instruction.heredocs.length > 0)
    throw new InvalidArgumentError('COPY --from has no heredocs');
  const opened =
    from === undefined || from === ''
      ? { tree: await build.files.context() }
      : resources.use(await openFrom(run, state.scope.expand(from)));
  const exclude = instruction.exclude.map((pattern) => state.scope.expand(pattern));
  const heredocs = [...instruction.heredocs];
  const items: Item[] = [];
  for (const word of instruction.sources) {
    const heredoc = parseHeredoc(word) === undefined ? undefined : heredocs.shift();
    if (heredoc !== undefined) {
      items.push(await fromHeredoc(run, heredoc));
      continue;
    }
    const written = state.scope.expand(word);
    if (instruction.kind === 'add' && isUrl(written)) {
      items.push(await fromUrl(run, written, instruction));
      continue;
    }
    for (const source of findSources(opened.tree, written, exclude))
      items.push(await itemOf(run, { tree: opened.tree, source }, instruction));
  }
  return items;
}

async function itemOf(
  ...[run, { tree, source }, instruction]: [
    run: StageRun,
    found: { tree: SourceTree; source: Source },
    instruction: CopyInstruction,
  ]
): Promise<Item> {
  const { signal } = run.build;
  const withOwner = instruction.kind === 'copy' && tree.kind === 'stage' && instruction.chown === undefined;
  const digest = await digestSource(tree, source, { withOwner, signal });
  const mayUnpack = instruction.kind === 'add' && instruction.unpack !== false && !source.isDirectory;
  return { tree, source, digest, isArchive: mayUnpack && (await isArchive(tree.root, source)) };
}

async function fromHeredoc({ state, build }: StageRun, heredoc: Heredoc): Promise<Item> {
  const raw = heredocText(heredoc);
  const variables = state.scope.variables();
  const text = heredoc.expand
    ? expand(raw, variables, { heredoc: true, escape: build.plan.program.directives.escape }).word
    : raw;
  const { tree, source } = await inlineSource(build.files.scratch, { name: heredoc.name, text });
  return { tree, source, digest: sha256(`${heredoc.name}\n${text}`).slice('sha256:'.length), isArchive: false };
}

async function fromUrl(
  ...[run, url, instruction]: [run: StageRun, url: string, instruction: CopyInstruction]
): Promise<Item> {
  const { build, vertex } = run;
  const { tree, source } = await download(url, {
    scratch: build.files.scratch,
    checksum: instruction.checksum,
    signal: build.signal,
    vertex,
  });
  const digest = await digestSource(tree, source, { withOwner: false, signal: build.signal });
  return { tree, source, digest, isArchive: instruction.unpack === true && (await isArchive(tree.root, source)) };
}

interface Writing {
  run: StageRun;
  items: readonly Item[];
  target: Target;
  chown: string | undefined;
  chmod: string | undefined;
  keepOwner: boolean;
  parents: boolean;
}

async function write(workspace: Workspace, writing: Writing): Promise<void> {
  const takeovers = await writeAll(await workspace.open(), writing);
  if (takeovers.length === 0) return;
  await workspace.close();
  takeOver(workspace.upper, takeovers);
}

/** @returns the files that are to be taken over once the tree is not mounted any more */
async function writeAll(
  rootfs: string,
  { run, items, target, chown, chmod, keepOwner, parents }: Writing,
): Promise<Takeover[]> {
  const { signal } = run.build;
  const takeovers: Takeover[] = [];
  using to = openRoot(rootfs);
  const given = chown === undefined ? { uid: 0, gid: 0 } : ownerOf(rootfs, chown);
  const owner = keepOwner ? undefined : given;
  for (const { tree, source, isArchive: unpacks } of items) {
    const folder = target.path === '/' ? '' : target.path.slice(1);
    if (unpacks) {
      const archive = { owner: chown === undefined ? undefined : given, signal };
      await unpackArchive({ from: tree.root, to }, { source, folder }, archive);
      continue;
    }
    const isInto = target.isFolder || to.stat(target.path)?.isDirectory() === true;
    const name = parents ? source.path : source.name;
    const inFolder = folder === '' ? name : `${folder}/${name}`;
    const path = source.isDirectory && !parents ? folder : isInto ? inFolder : folder;
    await writeSource({ from: tree, to }, { source, path }, { owner, chmod, signal, takeovers });
  }
  return takeovers;
}

/** `user`, `user:group`, numbers or names; a user alone is also the group's name, as Docker has it. */
function ownerOf(rootfs: string, chown: string): { uid: number; gid: number } {
  const [user = '', group = ''] = chown.split(':', 2);
  try {
    return lookupUser(rootfs, `${user}:${group === '' ? user : group}`);
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    throw new InvalidArgumentError(`unable to convert uid/gid chown string to host mapping: ${error.message}`, {
      hint: 'write numbers, or names that the image knows',
      cause: error,
    });
  }
}
