import { createHash } from 'node:crypto';
import { realpath, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { InvalidArgumentError } from '#lib/errors.ts';
import { copiedFiles } from '#ml/detect/own-dockerfile.ts';
import { generateDockerfile } from '#ml/dockerfile/generate.ts';
import { generateIgnore } from '#ml/dockerfile/ignore.ts';
import type { FileTree } from '#ml/files.ts';
import { hasFile } from '#ml/files.ts';
import { planProject } from '#ml/plan/plan-project.ts';
import type { ProjectPlan } from '#ml/plan/plan.ts';
import { openTree } from './open-tree.ts';

/** A folder of Python that is trained and served. */
export interface Project {
  /** Absolute, without links. */
  directory: string;
  /** For images and containers: lower case letters, digits, `.`, `_` and `-`. */
  name: string;
  /** Eight digits that differ for folders of the same name. */
  mark: string;
  tree: FileTree;
  plan: ProjectPlan;
  dockerfile: ProjectDockerfile;
  /** Account that new files in the folder should belong to. */
  owner: Owner;
  options: ProjectOptions;
}

export interface ProjectDockerfile {
  text: string;
  /** Files of the project that it copies by name. */
  copies: readonly string[];
  /** Written by the project's people; otherwise made from the plan. */
  isOwn: boolean;
  /** Files that are not in the folder and go into the build. */
  extra: ReadonlyMap<string, string>;
}

export interface Owner {
  uid: number;
  gid: number;
}

export interface ProjectOptions {
  name?: string | undefined;
  /** `3.11`, instead of what the plan finds. */
  python?: string | undefined;
  /** Work from the plan although there is a Dockerfile. */
  ignoreDockerfile?: boolean | undefined;
}

/** Reads a folder and plans it. @throws {NotFoundError} if there is no such folder */
export async function openProject(path: string, options: ProjectOptions = {}): Promise<Project> {
  const { name, python } = options;
  requireName(name);
  requirePython(python);
  const tree = await openTree(path);
  const directory = await realpath(path);
  const plan = await planProject(tree, { directory: basename(directory), python });
  return {
    directory,
    name: name ?? nameOf(directory),
    mark: createHash('sha256').update(directory).digest('hex').slice(0, 8),
    tree,
    plan,
    dockerfile: await dockerfileOf(tree, plan, options),
    owner: await ownerOf(directory),
    options,
  };
}

function requireName(name: string | undefined): void {
  if (name === undefined || /^[a-z0-9](?:[a-z0-9]|[._-](?=[a-z0-9])){0,62}$/.test(name)) return;
  throw new InvalidArgumentError(`${name} cannot be the name of an image`, {
    why: 'such names are lower case letters and digits, with single dots, dashes or underscores between',
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
  return name === '' ? 'project' : name;
}

/** The own Dockerfile (from the Python that was asked for, if one was), or one made from the plan. */
async function dockerfileOf(
  tree: FileTree,
  plan: ProjectPlan,
  { python, ignoreDockerfile = false }: ProjectOptions,
): Promise<ProjectDockerfile> {
  const own = ignoreDockerfile ? undefined : await tree.read('Dockerfile');
  if (own !== undefined) {
    const text = python === undefined ? own : withPython(own, python);
    return { text, copies: copiedFiles(text), isOwn: true, extra: new Map(text === own ? [] : [['Dockerfile', text]]) };
  }
  const text = generateDockerfile(plan);
  const extra = new Map([['Dockerfile', text]]);
  if (!hasFile(tree, '.dockerignore')) extra.set('.dockerignore', generateIgnore());
  return { text, copies: plan.install.files, isOwn: false, extra };
}

/** The same Dockerfile from another Python of the same kind of image. */
function withPython(text: string, python: string): string {
  return text.replace(
    /^(\s*FROM\s+(?:--\S+\s+)*(?:docker\.io\/(?:library\/)?)?python:)\d+(?:\.\d+)*/gim,
    `$1${python}`,
  );
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
