import { createHash } from 'node:crypto';
import { realpath, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { InvalidArgumentError } from '#lib/errors.ts';
import { stripCredentials } from '#ml/dockerfile/strip-credentials.ts';
import { type FileTree, subTree } from '#ml/files.ts';
import type { ProjectPlan, ServicePlan } from '#ml/plan/plan.ts';
import { openModelFile } from './open-model-file.ts';
import { openTree } from './open-tree.ts';
import { type FolderPlanOptions, planFolder } from './plan-folder.ts';
import { type Credentials, findCredentials } from './secrets/find-credentials.ts';
import { readStartup } from './startup-record.ts';
import { withoutWritten } from './without-written.ts';
import { dockerfileOf, type ProjectDockerfile } from './write-dockerfile.ts';

/** A folder of Python that is trained and served. */
export interface Project {
  /** Absolute, without links. */
  directory: string;
  /** What was named: the folder, or a model's file in it. */
  place: string;
  /** For images and containers: lower case letters, digits, `.`, `_` and `-`. */
  name: string;
  /** Eight digits that differ for folders of the same name. */
  mark: string;
  tree: FileTree;
  plan: ProjectPlan;
  dockerfile: ProjectDockerfile;
  /** For private indexes and gated models, as this machine has them. */
  credentials: Credentials;
  /** Account that new files in the folder should belong to. */
  owner: Owner;
  options: ProjectOptions;
}

export interface Owner {
  uid: number;
  gid: number;
}

export interface ProjectOptions extends FolderPlanOptions {
  name?: string | undefined;
  /** Work from the plan although there is a Dockerfile. */
  ignoreDockerfile?: boolean | undefined;
}

/** Reads a folder, or a model's file, and plans it. @throws {NotFoundError} if there is nothing of that name */
export async function openProject(path: string, options: ProjectOptions = {}): Promise<Project> {
  const { name, python } = options;
  requireName(name);
  requirePython(python);
  const model = await openModelFile(path);
  const tree = model?.tree ?? (await openTree(path, { memory: true }));
  const place = await realpath(path);
  const directory = model === undefined ? place : dirname(place);
  const plan = await planFolder(await withoutWritten(tree), { place: directory, name: basename(place) }, options);
  tree.memory?.save();
  return assemble({ place, directory, tree, plan }, { ...options, only: model?.name });
}

/** One of several services of a folder, as a project of its own. */
export async function serviceProject(whole: Project, { name, directory, plan }: ServicePlan): Promise<Project> {
  const place = directory === '' ? whole.directory : join(whole.directory, directory);
  const tree = subTree(whole.tree, directory);
  const options = { ...whole.options, name: nameOf(`${whole.name}-${name}`) };
  return assemble({ place, directory: place, tree, plan }, options);
}

async function assemble(
  { place, directory, tree, plan: planned }: Pick<Project, 'place' | 'directory' | 'tree' | 'plan'>,
  options: ProjectOptions & { only?: string | undefined },
): Promise<Project> {
  const { only, ...own } = options;
  const { name, python, ignoreDockerfile = false } = own;
  const clean = withoutPasswords(planned);
  const credentials = await findCredentials({ plan: clean, manifests: await manifestTexts(tree, clean) });
  const plan = { ...clean, secrets: credentials.notes };
  const startup = await readStartup(place);
  return {
    directory,
    place,
    name: name ?? nameOf(place),
    mark: createHash('sha256').update(place).digest('hex').slice(0, 8),
    tree,
    plan,
    dockerfile: await dockerfileOf(tree, plan, { python, ignoreDockerfile, startup, only }),
    credentials,
    owner: await ownerOf(directory),
    options: own,
  };
}

/** A plan is printed and kept: no address in it has a password, wherever it came from. */
function withoutPasswords(plan: ProjectPlan): ProjectPlan {
  return JSON.parse(stripCredentials(JSON.stringify(plan)).text) as ProjectPlan;
}

async function manifestTexts(tree: FileTree, { install, manifest, lock }: ProjectPlan): Promise<string[]> {
  const paths = new Set(['pyproject.toml', ...install.files, manifest?.path, lock?.path]);
  const texts = await Promise.all([...paths].map(async (path) => (path === undefined ? undefined : tree.read(path))));
  return texts.filter((text) => text !== undefined);
}

function requireName(name: string | undefined): void {
  if (name === undefined || /^[a-z0-9](?:[a-z0-9]|[._-](?=[a-z0-9])){1,62}$/.test(name)) return;
  throw new InvalidArgumentError(`${name} cannot be the name of an image`, {
    why: 'such names are two or more lower case letters and digits, with single dots, dashes or underscores between',
    hint: 'choose a name such as my-model',
  });
}

function requirePython(version: string | undefined): void {
  if (version === undefined || /^3\.\d{1,2}$/.test(version)) return;
  throw new InvalidArgumentError(`${version} is no version of Python to choose`, {
    why: 'a version is chosen by its first two numbers',
    hint: '--python 3.11',
  });
}

function nameOf(directory: string): string {
  const name = basename(directory).toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '').slice(0, 40); // prettier-ignore
  // Containers have names of two letters at least.
  return name.length > 1 ? name : `project${name === '' ? '' : '-'}${name}`;
}

/** Who called: the account behind sudo; else, for root, the owner of the folder. */
async function ownerOf(directory: string): Promise<Owner> {
  const [uid, gid] = [Number(process.env['SUDO_UID']), Number(process.env['SUDO_GID'])];
  const own = process.getuid?.() ?? 0;
  if (own !== 0) return { uid: own, gid: process.getgid?.() ?? 0 };
  if (uid > 0 && Number.isInteger(uid)) return { uid, gid: Number.isInteger(gid) ? gid : uid };
  const facts = await stat(directory);
  return { uid: facts.uid, gid: facts.gid };
}
