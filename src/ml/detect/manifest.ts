import { type FileTree, folderOf, hasFile } from '../files.ts';
import { meets } from '../version.ts';
import { isUsualIndex } from './manifests/addresses.ts';
import { contradictions, disagreements } from './manifests/contradictions.ts';
import { type Draft, type Manifest, newDraft, problem } from './manifests/contract.ts';
import { type Device, requirementsFiles, type RequirementsWish } from './manifests/choose-requirements.ts';
import { readCog } from './manifests/cog.ts';
import { readConda } from './manifests/conda.ts';
import { dockerfileInstalls } from './manifests/dockerfile-installs.ts';
import { readInlineScript } from './manifests/inline-script.ts';
import { readLocalProjects, readSetup } from './manifests/local-projects.ts';
import { findLock, type FoundLock } from './manifests/locks.ts';
import { readPipfile } from './manifests/pipfile.ts';
import { caret } from './manifests/poetry-versions.ts';
import { readPixi } from './manifests/pixi.ts';
import { readPyproject } from './manifests/pyproject.ts';
import { readPipLines, readRequirementsFile } from './manifests/requirements-file.ts';
import { readSpace } from './manifests/space.ts';
import { readSystemFiles } from './manifests/system-files.ts';

export type { Manifest } from './manifests/contract.ts';

/** Everything that a folder holds to say what it needs. */
interface Candidates {
  cog: Draft | undefined;
  pyproject: Draft | undefined;
  pipfile: Draft | undefined;
  requirements: Draft | undefined;
  conda: Draft | undefined;
  setup: Draft | undefined;
  lock: FoundLock | undefined;
}

const CONDA_NAMES = ['environment.yml', 'environment.yaml', 'conda.yml', 'conda.yaml', 'env.yml', 'env.yaml', 'conda_env.yml', 'conda_environment.yml', 'conda-environment.yml', 'environment-cpu.yml', 'environment_cpu.yml', 'environment.cpu.yml', 'environment-gpu.yml', 'environment_gpu.yml', 'binder/environment.yml', '.binder/environment.yml'] as const; // prettier-ignore

/**
 * The manifest that counts in a folder: cog.yaml, then what a lock file belongs to, then requirements.txt, pyproject.toml, Pipfile,
 * environment.yml, setup.cfg and setup.py. Undefined if none says anything.
 */
export async function findManifest(tree: FileTree, folder = '', device: Device = 'cpu'): Promise<Manifest | undefined> {
  const known = FOUND.get(tree) ?? new Map<string, Promise<Manifest | undefined>>();
  FOUND.set(tree, known);
  const key = `${device}:${folder}`;
  const found = known.get(key) ?? readManifest(tree, folder, device);
  known.set(key, found);
  return found;
}

/** What was found already: a plan asks for the same folders several times. */
const FOUND = new WeakMap<FileTree, Map<string, Promise<Manifest | undefined>>>();

async function readManifest(tree: FileTree, folder: string, device: Device): Promise<Manifest | undefined> {
  const candidates = await readCandidates(tree, folder, device);
  const chosen =
    choose(candidates) ?? (await installedByDockerfile(tree, folder)) ?? (await readInlineScript(tree, folder));
  if (chosen === undefined) return folder === '' ? belowTop(tree, device) : undefined;
  if (chosen !== candidates.requirements) await readLocalProjects(tree, chosen);
  const others = Object.values(candidates).filter((other): other is Draft => other !== undefined && 'requirements' in other && other !== chosen); // prettier-ignore
  complete(chosen, others);
  ownLink(chosen, folder);
  withoutUsualIndex(chosen);
  attachLock(chosen, candidates.lock);
  chosen.systemPackages.push(...(await readSystemFiles(tree, folder)));
  if (folder === '') await addSpace(tree, chosen);
  includeServing(chosen, device);
  chosen.problems.push(...contradictions(chosen.requirements, chosen.constraints), ...others.flatMap((other) => disagreements(chosen, other))); // prettier-ignore
  return chosen;
}

/** The manifest for a file of the project: that of its folder or the nearest above, else one in a folder beside it that is the only one. */
export async function manifestFor(tree: FileTree, path: string, device: Device = 'cpu'): Promise<Manifest | undefined> {
  for (let folder = folderOf(path); ; folder = folderOf(folder)) {
    const found = await findManifest(tree, folder, device);
    if (found !== undefined) return found;
    if (folder === '') return undefined;
  }
}

/** Without a manifest at the top, that of the folder that holds the program, or of one that holds nothing else. */
async function belowTop(tree: FileTree, device: Device): Promise<Manifest | undefined> {
  const hasProgram = (folder: string): boolean =>
    tree.files.some(({ path }) => path.endsWith('.py') && folderOf(path) === folder && !/^(setup|conftest)\.py$/.test(path));
  const atTop = hasProgram('');
  for (const folder of manifestFolders(tree)) {
    if (atTop && hasProgram(folder)) continue;
    const found = await findManifest(tree, folder, device);
    if (found !== undefined) return found;
  }
  return undefined;
} // prettier-ignore

/** Folders below the top that hold a manifest of their own, those nearest to the top first. */
export function manifestFolders(tree: FileTree): string[] {
  const names =
    /^(requirements?\.txt|pyproject\.toml|Pipfile|environment\.ya?ml|setup\.py|setup\.cfg|cog\.yaml)$/i;
  const folders = new Set<string>();
  for (const { path } of tree.files) {
    const folder = folderOf(path);
    if (folder !== '' && folder.split('/').length <= 4 && !ASIDE.test(`${folder}/`) && names.test(path.slice(folder.length + 1)))
      folders.add(folder);
  }
  return [...folders].toSorted((a, b) => a.split('/').length - b.split('/').length || (a < b ? -1 : 1));
} // prettier-ignore

const ASIDE = /(^|\/)(tests?|docs?|examples?|benchmarks?|site-packages|node_modules|third_party|vendor|\.[^/]*)\//;

async function readCandidates(tree: FileTree, folder: string, device: Device): Promise<Candidates> {
  const at = (name: string): string => (folder === '' ? name : `${folder}/${name}`);
  const own = await dockerfileInstalls(tree, folder);
  const conda = CONDA_NAMES.map(at).find((path) => hasFile(tree, path));
  return {
    cog: await readCog(tree, at('cog.yaml')),
    pyproject: await readPyproject(tree, at('pyproject.toml')),
    pipfile: await readPipfile(tree, at('Pipfile')),
    requirements: await readBestRequirements(tree, folder, { named: own.files, device }),
    conda: conda === undefined ? await readPixi(tree, folder) : await readConda(tree, conda),
    setup: await readSetup(tree, folder),
    lock: (await findLock(tree, folder)) ?? (await workspaceLock(tree, folder)),
  };
}

/** The lock of a workspace of uv, which lies above its members. */
async function workspaceLock(tree: FileTree, folder: string): Promise<FoundLock | undefined> {
  for (let above = folder; above !== '';) {
    above = folderOf(above);
    const path = above === '' ? 'uv.lock' : `${above}/uv.lock`;
    if (hasFile(tree, path)) return findLock(tree, above);
  }
  return undefined;
}

/** The likeliest requirements file that says anything. */
async function readBestRequirements(
  tree: FileTree,
  folder: string,
  wish: RequirementsWish,
): Promise<Draft | undefined> {
  const read: Draft[] = [];
  for (const path of requirementsFiles(tree, folder, wish).slice(0, 6)) {
    const draft = await readRequirementsFile(tree, path);
    await readLocalProjects(tree, draft);
    read.push(draft);
    if (says(draft) && !isPart(path)) break;
  }
  const best = read.find((draft) => says(draft));
  if (best === undefined) return read.find(({ problems }) => problems.length > 0);
  return isPart(best.path)
    ? (read.find((draft) => draft !== best && includes(draft, best, wish.device)) ?? best)
    : best;
}

/** Whether a file is named after what others build on: it may be only part of what is needed. */
function isPart(path: string): boolean {
  return /(^|[/_.-])(base|common|core|default|general|shared)\.(txt|in|pip)$/i.test(path);
}

/** Whether one file takes in another and adds to it, for the same device. */
function includes({ path, files }: Draft, other: Draft, device: Device): boolean {
  const isForGpu = /(^|[/_.-])(gpu|cuda|cu\d+|nvidia|rocm)[_.-]?/i.test(path);
  return files.includes(other.path) && (device === 'gpu' || !isForGpu) && !/train/i.test(path);
}

/** Whether anything is installed from it. */
function says({ requirements, projects }: Draft): boolean {
  return requirements.length > 0 || projects.length > 0;
}

function choose(candidates: Candidates): Draft | undefined {
  const { cog, pyproject, pipfile, requirements, conda, setup, lock } = candidates;
  if (cog !== undefined && says(cog)) return cog;
  if (lock !== undefined && /^(uv|poetry|pdm)$/.test(lock.manager) && pyproject !== undefined && says(pyproject)) return pyproject; // prettier-ignore
  if (lock?.manager === 'pipenv' && pipfile !== undefined) return pipfile;
  if (lock?.manager === 'conda' && conda !== undefined) return conda;
  const inOrder = [requirements, pyproject, pipfile, conda, setup];
  const telling = inOrder.find((one) => one !== undefined && says(one));
  if (telling !== undefined) return telling;
  return inOrder.find((one) => one !== undefined && (one.packageName !== undefined || one.problems.length > 0 || isFull(one))); // prettier-ignore
}

/** A manifest that lists nothing because nothing is needed, unlike a pyproject.toml that only configures tools. */
function isFull({ kind, requiresPython, optional }: Draft): boolean {
  return kind === 'conda' || kind === 'pipfile' || requiresPython !== undefined || optional.size > 0;
}

/** Without any manifest, what an own Dockerfile installs by name is one. */
async function installedByDockerfile(tree: FileTree, folder: string): Promise<Draft | undefined> {
  const { path, requirements } = await dockerfileInstalls(tree, folder);
  if (requirements.length === 0) return undefined;
  const draft = newDraft('requirements', path, 'pip');
  await readPipLines(tree, draft, requirements);
  draft.problems = [];
  return draft.requirements.length === 0 ? undefined : draft;
}

/** What the chosen manifest leaves open, the others of the folder may say. */
function complete(chosen: Draft, others: readonly Draft[]): void {
  for (const other of others) {
    chosen.requiresPython ??= other.requiresPython;
    chosen.gpu ??= other.gpu;
    chosen.entry ??= other.entry;
    chosen.packageName ??= other.packageName;
    chosen.versionVariable ??= other.versionVariable;
    if (chosen.scripts.length === 0) chosen.scripts.push(...other.scripts);
    for (const [group, list] of other.optional) if (!chosen.optional.has(group)) chosen.optional.set(group, list);
    for (const [name, source] of other.index.sources)
      if (!chosen.index.sources.has(name)) chosen.index.sources.set(name, source);
    if (other.kind === 'cog') chosen.systemPackages.push(...other.systemPackages);
  }
  chosen.classifiedPythons ??= others.find(({ classifiedPythons }) => classifiedPythons !== undefined)?.classifiedPythons; // prettier-ignore
}

function withoutUsualIndex({ index }: Draft): void {
  if (index.index !== undefined && isUsualIndex(index.index.url)) index.index = undefined;
  index.extra = index.extra.filter(({ url }) => !isUsualIndex(url));
  for (const [name, url] of index.sources) if (isUsualIndex(url)) index.sources.delete(name);
}

/** `pip freeze` writes a project that is installed from its folder as a link to its repository. */
function ownLink(chosen: Draft, folder: string): void {
  const own = chosen.requirements.find(({ name, url }) => url !== undefined && name === chosen.packageName);
  if (own === undefined) return;
  const { file, line } = own;
  chosen.requirements = chosen.requirements.filter((item) => item !== own);
  chosen.projects.push({ path: folder, extras: [], editable: true, isRead: true, file, line });
  chosen.readByPip = false;
  chosen.problems.push(problem('own-link', { file, line }, { message: `${own.name} is this project, and comes from a link to its repository; the code that is here is installed instead`, fix: 'write -e .' })); // prettier-ignore
}

function attachLock(chosen: Draft, lock: FoundLock | undefined): void {
  if (lock === undefined || !belongs(lock, chosen)) return;
  const { path, kind, packages, trouble, requiresPython, manager } = lock;
  if (manager !== 'pip') chosen.manager = manager;
  if (trouble !== undefined) {
    chosen.problems.push(problem('lock-unreadable', { file: path, line: trouble.line }, { message: `${path}: ${trouble.message}; it is not used`, fix: 'make it anew' })); // prettier-ignore
    return;
  }
  chosen.lock = { path, kind, packages };
  if (requiresPython !== undefined)
    chosen.requiresPython ??= { specifiers: caret(requiresPython), file: path, line: 1 };
  chosen.problems.push(...outdated(chosen, packages, path).slice(0, 10));
}

function belongs({ manager }: FoundLock, { kind }: Draft): boolean {
  if (manager === 'pipenv') return kind === 'pipfile';
  if (manager === 'conda') return kind === 'conda';
  return manager === 'pip' ? kind !== 'conda' : kind === 'pyproject';
}

/** Requirements that the lock does not have, or not in a version that is asked for. */
function outdated(chosen: Draft, packages: FoundLock['packages'], path: string): Draft['problems'] {
  const byName = Map.groupBy(packages, ({ name }) => name);
  return chosen.requirements.flatMap(({ name, specifiers, url, file, line }) => {
    const locked = byName.get(name);
    const fits = locked?.some((item) => meets(item.version, specifiers, { prereleases: true })) ?? false;
    if (fits || url !== undefined || name === chosen.packageName) return [];
    const what = locked === undefined ? 'does not have it' : `has ${locked[0]?.version ?? ''}`;
    return [problem('lock-outdated', { file, line }, { message: `${file}:${line} asks for ${name}${specifiers}, but ${path} ${what}`, fix: 'make the lock anew' })]; // prettier-ignore
  });
}

const SERVING = /^(api|app|web|webapp|server?|serving|service|backend|http|rest|fastapi|flask|streamlit|gradio|dash|ui|gui|demo|prod|production|deploy|deployment|runtime|inference|predict|predictor)$/; // prettier-ignore
const FOR_DEVICE: Readonly<Record<Device, RegExp>> = { cpu: /^cpu$/, gpu: /^(gpu|cuda(\d+|-?\d+\.\d+)?|cu\d+)$/ };

/** What a project keeps apart to serve itself is needed in an image; what tests, documents and trains it is not. */
function includeServing(chosen: Draft, device: Device): void {
  for (const [group, list] of chosen.optional) {
    const name = group.toLowerCase();
    if (!(SERVING.test(name) || FOR_DEVICE[device].test(name)) || list.length === 0) continue;
    const named = new Set(chosen.requirements.map((item) => item.name));
    chosen.requirements.push(...list.filter((item) => !named.has(item.name)));
    chosen.included.push(group);
  }
}

/** A Space brings the package of its kind in the version that its header names. */
async function addSpace(tree: FileTree, chosen: Draft): Promise<void> {
  const space = await readSpace(tree);
  if (space?.sdkVersion === undefined || (space.sdk !== 'gradio' && space.sdk !== 'streamlit')) return;
  const { version, line } = space.sdkVersion;
  const listed = chosen.requirements.find(({ name }) => name === space.sdk);
  if (listed !== undefined && listed.specifiers !== '') return;
  chosen.requirements.push({ name: space.sdk, extras: [], specifiers: `==${version}`, marker: '', url: undefined, file: space.file, line }); // prettier-ignore
}

/** The folder that holds a manifest and the code beside it. */
export function manifestFolder(manifest: Manifest | undefined): string {
  return manifest === undefined ? '' : folderOf(manifest.path);
}
