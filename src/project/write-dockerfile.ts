import { compileIgnore, type Ignore, ignoreLines } from '#dockerfile/ignore.ts';
import { copiedFiles } from '#ml/detect/own-dockerfile.ts';
import {
  copiedManifests,
  extraFiles,
  MANIFESTS_FOLDER,
  needsServing,
  SERVING_FOLDER,
} from '#ml/dockerfile/extra-files.ts';
import { generateDockerfile } from '#ml/dockerfile/generate.ts';
import { generateIgnore } from '#ml/dockerfile/ignore.ts';
import type { Startup } from '#ml/dockerfile/startup.ts';
import { stripCredentials } from '#ml/dockerfile/strip-credentials.ts';
import type { FileTree } from '#ml/files.ts';
import type { ProjectPlan } from '#ml/plan/plan.ts';
import { servingFiles } from './serving-folder.ts';

/** What an image is built by. */
export interface ProjectDockerfile {
  text: string;
  /** Files of the project that it copies by name. */
  copies: readonly string[];
  /** Written by the project's people; otherwise made from the plan. */
  isOwn: boolean;
  /** The folder's own file is this very text. */
  isInFolder: boolean;
  /** The ignore file that holds instead of the folder's own; undefined where that one holds. */
  ignore: string | undefined;
  /** Files that are not in the folder and go into the build, by path. */
  extra: ReadonlyMap<string, Uint8Array>;
  /** The same for a builder that can do less or more than a plain `docker build`. */
  textFor(way: BuilderWay): string;
}

/** How the builder is reached. */
export interface BuilderWay {
  /** Package managers get caches without being asked. */
  hasCaches: boolean;
  /** Steps can be given secrets, and COPY can leave files out. */
  buildkit: boolean;
  /** Name of the context with the files of `extra`; undefined if they lie in the folder's own. */
  filesFrom: string | undefined;
  /** Models that the program fetches by name are fetched while the image is built. */
  bakeModels?: boolean;
}

/** What `berth init` writes down. */
export const WRITTEN: Readonly<Record<'buildkit' | 'classic', BuilderWay>> = {
  buildkit: { hasCaches: false, buildkit: true, filesFrom: undefined },
  classic: { hasCaches: true, buildkit: false, filesFrom: undefined },
};

export interface DockerfileQuestion {
  /** `3.11`, instead of what an own Dockerfile starts from. */
  python: string | undefined;
  ignoreDockerfile: boolean;
  startup: Startup | undefined;
  /** The one file that goes into the build; the whole folder if undefined. */
  only: string | undefined;
}

/** The own Dockerfile (from the Python that was asked for, if one was), or one made from the plan. */
export async function dockerfileOf(
  tree: FileTree,
  plan: ProjectPlan,
  question: DockerfileQuestion,
): Promise<ProjectDockerfile> {
  const { python, ignoreDockerfile } = question;
  const own = ignoreDockerfile ? undefined : await tree.read('Dockerfile');
  const generated = await generatedDockerfile(tree, plan, question);
  if (own === undefined || generated.wrote(own)) return generated.dockerfile;
  const text = python === undefined ? own : withPython(own, python);
  return {
    text,
    textFor: () => text,
    copies: copiedFiles(text),
    isOwn: true,
    isInFolder: text === own,
    ignore: undefined,
    extra: new Map(),
  };
}

/** Made from the plan. `wrote` tells whether `berth init` may have left a text in the folder: then it is not people's own. */
async function generatedDockerfile(
  tree: FileTree,
  plan: ProjectPlan,
  { startup, only }: DockerfileQuestion,
): Promise<{ dockerfile: ProjectDockerfile; wrote: (text: string) => boolean }> {
  const stripped = await strippedManifests(tree, plan);
  const ignore = only === undefined ? await ignoreFor(tree, plan, [...stripped.keys()]) : { text: `*\n!${only}\n`, isNew: true };
  const filter = filterOf(ignore.text);
  // Only weights make it worth to know what goes in.
  const files = plan.models.length === 0 ? [] : tree.files.map(({ path }) => path).filter((path) => filter?.excludes(path) !== true);
  const textWith = ({ hasCaches, bakeModels = false, ...way }: BuilderWay, measured: Startup | undefined): string =>
    stripCredentials(
      generateDockerfile(plan, {
        ...way, cacheMounts: !hasCaches, bakeModels, files, startup: measured, stripped: new Set(stripped.keys()),
      }),
    ).text;
  const text = textWith(WRITTEN.buildkit, startup);
  const dockerfile = {
    text,
    copies: plan.install.files,
    isOwn: false,
    isInFolder: false,
    ignore: ignore.isNew ? ignore.text : undefined,
    extra: await extraOf(plan, stripped),
    textFor: (way: BuilderWay) => textWith(way, startup),
  };
  const forms = (): string[] => [WRITTEN.buildkit, WRITTEN.classic].flatMap((way) => [textWith(way, startup), textWith(way, undefined)]);
  return { dockerfile, wrote: (own) => own.startsWith('# Written by berth ') && forms().includes(own) };
} // prettier-ignore

/** The same Dockerfile from another Python of the same kind of image. */
function withPython(text: string, python: string): string {
  return text.replace(
    /^(\s*FROM\s+(?:--\S+\s+)*(?:docker\.io\/(?:library\/)?)?python:)\d+(?:\.\d+)*/gim,
    `$1${python}`,
  );
}

/** Manifests with passwords in them, without these, by their path in the folder. */
async function strippedManifests(tree: FileTree, { install, manifest, lock }: ProjectPlan): Promise<Map<string, string>> {
  const paths = new Set([...install.files, manifest?.path, lock?.path].filter((path) => path !== undefined));
  const found = new Map<string, string>();
  for (const path of paths) {
    if (/\.(?:whl|zip|gz)$/.test(path)) continue;
    const stripped = stripCredentials((await tree.read(path)) ?? '');
    if (stripped.found.length > 0) found.set(path, stripped.text);
  }
  return found;
} // prettier-ignore

/** The folder's own ignore file, with what must not be copied because of a password in it; else one made for the folder. */
async function ignoreFor(
  tree: FileTree,
  plan: ProjectPlan,
  stripped: readonly string[],
): Promise<{ text: string; isNew: boolean }> {
  const own = await tree.read('.dockerignore');
  const text = own ?? (await generateIgnore(tree, plan));
  const filter = filterOf(text);
  const missing = stripped.filter((path) => filter?.excludes(path) !== true);
  if (missing.length === 0) return { text, isNew: own === undefined };
  const more = `\n# Passwords stand in them: they are installed from without these, and are not copied.\n${missing.join('\n')}\n`;
  return { text: `${text.trimEnd()}\n${more}`, isNew: true };
}

/** Undefined for an ignore file with a broken pattern, which the build will tell. */
function filterOf(text: string): Ignore | undefined {
  try {
    return compileIgnore(ignoreLines(text));
  } catch {
    return undefined;
  }
}

async function extraOf(plan: ProjectPlan, stripped: ReadonlyMap<string, string>): Promise<Map<string, Uint8Array>> {
  const copied = new Set(copiedManifests(plan));
  const texts = [...extraFiles(plan), ...[...stripped].filter(([path]) => copied.has(path)).map(([path, text]) => [`${MANIFESTS_FOLDER}/${path}`, text] as const)];
  const runtime = needsServing(plan) ? await servingFiles() : [];
  return new Map([
    ...texts.map(([path, text]) => [path, Buffer.from(stripCredentials(text).text)] as const),
    ...runtime.map(({ path, bytes }) => [`${SERVING_FOLDER}/${path}`, bytes] as const),
  ]);
} // prettier-ignore
