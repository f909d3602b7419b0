import { closeSync, constants, fstatSync, readSync } from 'node:fs';
import { isWholeContextCopy } from '#dockerfile/lint/context-copy.ts';
import type { ImageFacts, LintFacts } from '#dockerfile/lint/facts.ts';
import { isNotableFile } from '#dockerfile/lint/notable-files.ts';
import { requirementFiles } from '#dockerfile/lint/requirement-files.ts';
import type { Program } from '#dockerfile/program.ts';
import type { Image, ImageStore } from '#engine/images/image.ts';
import { InvalidArgumentError, NotFoundError } from '#lib/errors.ts';
import type { BuildReport } from './progress/report.ts';
import type { BuildRequest } from './request.ts';
import type { BuildFiles } from './sources/build-files.ts';
import type { SourceTree } from './sources/source-tree.ts';
import type { Plan } from './stages/plan.ts';

const TEXT_LIMIT_BYTES = 1024 * 1024;
const LARGEST = 1000;

/** What is known of the images that stages begin with; of those that are not here, nothing. */
export async function imageFacts(images: Pick<ImageStore, 'get'>, plans: readonly Plan[]): Promise<LintFacts> {
  const names = new Set(
    plans.flatMap(({ stages }) =>
      stages.filter(({ baseStage, named }) => baseStage === undefined && named === undefined).map(({ base }) => base),
    ),
  );
  const found = new Map<string, ImageFacts>();
  for (const name of names) {
    const image = name === 'scratch' ? undefined : await images.get(name).catch(unknown);
    if (image !== undefined) found.set(name, factsOf(image));
  }
  return { image: (name) => found.get(name) };
}

function unknown(error: unknown): undefined {
  if (error instanceof NotFoundError || error instanceof InvalidArgumentError) return undefined;
  throw error;
}

function factsOf({ config: { config = {} } }: Image): ImageFacts {
  const env = new Map(
    (config.Env ?? []).map((entry): [string, string] => {
      const equals = entry.indexOf('=');
      return equals < 0 ? [entry, ''] : [entry.slice(0, equals), entry.slice(equals + 1)];
    }),
  );
  const isCuda = env.has('CUDA_VERSION') || env.has('NVIDIA_REQUIRE_CUDA') || env.has('CUDA_HOME');
  return {
    env,
    user: config.User ?? '',
    hasShell: (config.Shell ?? []).length > 0,
    hasHealthcheck: config.Healthcheck?.Test !== undefined && config.Healthcheck.Test[0] !== 'NONE',
    // CUDA may also have come without leaving its name.
    hasCuda: isCuda ? true : undefined,
  };
}

interface Asking {
  request: BuildRequest;
  report: BuildReport;
  files: BuildFiles;
  program: Program;
}

/** What is known of the context: what the steps have read of it, or (early) the files that packages are listed in. */
export async function contextFacts(asking: Asking, { isEarly }: { isEarly: boolean }): Promise<LintFacts> {
  const opened = isEarly ? undefined : await asking.files.opened();
  if (opened !== undefined) {
    const { tree } = opened;
    const takesAll = asking.program.stages.some(({ instructions }) => instructions.some(isWholeContextCopy));
    return { text: (path) => readText(tree, path), files: takesAll ? copiedFiles(tree) : [] };
  }
  if (!isEarly) return {};
  const only = requirementFiles(asking.program);
  if (only.length === 0) return {};
  const { request, files, report } = asking;
  const texts = await report.within({ name: '[internal] load lists of packages' }, async (vertex) => {
    const ask = { scratch: files.scratch, vertex, only, exclude: files.ignore, signal: request.signal };
    await using small = await request.context.open(ask);
    return new Map(only.map((path) => [path, readText(small.tree, path)]));
  });
  return { text: (path) => texts.get(path) };
}

/** Files that steps have read and rules look for, the largest first. */
function copiedFiles(tree: SourceTree): { path: string; bytes: number }[] {
  const found: { path: string; bytes: number }[] = [];
  const listed = new Map([...(tree.listing?.below('') ?? [])].map(({ path, size }) => [path, size]));
  for (const path of tree.digests.keys()) {
    if (!isNotableFile(path)) continue;
    const bytes = listed.get(path) ?? statOrNothing(tree, path);
    if (bytes !== undefined) found.push({ path, bytes });
  }
  return found.toSorted((a, b) => b.bytes - a.bytes).slice(0, LARGEST);
}

function statOrNothing({ root }: SourceTree, path: string): number | undefined {
  try {
    return root.lstat(path)?.size;
  } catch {
    return undefined; // moved since
  }
}

/** Undefined for what is not there, is no file, or is too large to be a list. */
function readText({ root }: SourceTree, path: string): string | undefined {
  try {
    const real = root.resolveInRoot(path, { follow: true });
    const fd = root.openFile(real, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const { size } = fstatSync(fd);
      if (!fstatSync(fd).isFile() || size > TEXT_LIMIT_BYTES) return undefined;
      const bytes = Buffer.alloc(size);
      return bytes.toString('utf8', 0, readSync(fd, bytes, 0, size, 0)); // eslint-disable-line max-params -- Node's own
    } finally {
      closeSync(fd);
    }
  } catch {
    return undefined; // a rule that knows less says less
  }
}
