import { closeSync, constants, fstatSync, readSync } from 'node:fs';
import { cleanPath } from '#dockerfile/clean-path.ts';
import { ignoreLines } from '#dockerfile/ignore.ts';
import { InvalidArgumentError, NotFoundError } from '#lib/errors.ts';
import type { Root } from '#lib/files/open-root.ts';
import type { BuildReport } from '../progress/report.ts';
import type { BuildRequest } from '../request.ts';
import type { ContextAsk, ContextSource, OpenedContext } from './context-source.ts';
import { covers } from './context-paths.ts';
import type { FileDigests } from './file-digests.ts';
import type { KeptDownloads } from './kept-downloads.ts';
import { createSizeWatch, type SizeWatch } from './large-context.ts';
import type { SourceTree } from './source-tree.ts';

/** The files that a build starts from. Gone when disposed. */
export interface BuildFiles extends AsyncDisposable {
  dockerfile: { name: string; text: string };
  /** Lines of the ignore file that holds for the context. */
  ignore: readonly string[];
  /** Folder for what a build fetches. */
  scratch: string;
  /** Tells which paths of the context will be asked for, as far as that is known; all if it is never called. */
  expect(paths: readonly string[]): void;
  /** The context without what is ignored; opened when the first step needs it. @param paths that are needed; those that were expected if absent */
  context(paths?: readonly string[]): Promise<SourceTree>;
  /** What was opened of the context, if it was. */
  opened(): Promise<OpenedContext | undefined>;
  /** Sees what is taken of the context. */
  readonly sizes: SizeWatch;
  /** With what contexts and files are fetched. */
  readonly ask: Omit<ContextAsk, 'only' | 'exclude' | 'vertex'>;
}

type Request = Pick<BuildRequest, 'context' | 'dockerfile' | 'signal'> &
  Partial<Pick<BuildRequest, 'secrets' | 'ssh' | 'guardNetwork' | 'buildArgs'>>;

/** Build argument that asks for the folder `.git` of a context that is a repository. */
const KEEP_GIT_DIR = 'BUILDKIT_CONTEXT_KEEP_GIT_DIR';

const TEXT_LIMIT_BYTES = 16 * 1024 * 1024;

/**
 * Reads the Dockerfile, which may itself be ignored, and the ignore file.
 * @throws {InvalidArgumentError} if the context is broken, reaches outside, or has no such Dockerfile
 */
export async function openBuildFiles({
  request,
  report,
  scratch,
  fileDigests,
  downloads,
}: {
  request: Request;
  report: BuildReport;
  scratch: string;
  fileDigests?: FileDigests;
  downloads?: KeptDownloads;
}): Promise<BuildFiles> {
  await using cleanup = new AsyncDisposableStack();
  const { signal, secrets, ssh, guardNetwork = false } = request;
  const ask = {
    scratch,
    signal,
    guardNetwork,
    keepGitDir: /^(1|t|true)$/i.test(request.buildArgs?.get(KEEP_GIT_DIR) ?? ''),
    ...(secrets !== undefined && { secrets }),
    ...(ssh !== undefined && { ssh }),
    ...(fileDigests !== undefined && { fileDigests }),
    ...(downloads !== undefined && { downloads }),
  };
  const found = await report.within(
    { name: `[internal] load build definition from ${request.dockerfile.name}` },
    async (vertex) => readDefinition(request, { ...ask, vertex, exclude: [] }),
  );
  const held = cleanup.move();
  const open = (only: readonly string[] | undefined): Promise<OpenedContext> =>
    report.within({ name: '[internal] load build context' }, async (vertex) =>
      held.use(await request.context.open({ ...ask, vertex, only, exclude: found.ignore })),
    );
  return {
    ...found,
    ...createOpenings(open),
    scratch,
    ask,
    sizes: createSizeWatch(report, found.ignore),
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

/** Opens the context once for what is expected, and again for what nobody could expect. */
function createOpenings(
  open: (only: readonly string[] | undefined) => Promise<OpenedContext>,
): Pick<BuildFiles, 'expect' | 'context' | 'opened'> {
  const openings: { only: readonly string[] | undefined; opened: Promise<OpenedContext> }[] = [];
  let expected: readonly string[] | undefined;
  return {
    expect(paths) {
      expected = [...new Set([...(expected ?? []), ...paths])].toSorted();
    },
    async context(paths) {
      const wanted = paths?.map((path) => cleanPath(`/${path}`).slice(1));
      const isEnough = ({ only }: (typeof openings)[number]): boolean => wanted === undefined || covers(only, wanted);
      let found = openings.find(isEnough);
      if (found === undefined) {
        const first = openings.length === 0 && expected !== undefined ? expected : [];
        const only = expected === undefined || wanted === undefined ? expected : [...new Set([...first, ...wanted])];
        found = { only, opened: open(only) };
        openings.push(found);
      }
      return (await found.opened).tree;
    },
    opened: async () => openings[0]?.opened,
  };
}

/** The Dockerfile with the ignore file that goes with it: its own, or that of the context. */
async function readDefinition(
  { context, dockerfile }: Pick<BuildRequest, 'context' | 'dockerfile'>,
  ask: Omit<ContextAsk, 'only'>,
): Promise<Pick<BuildFiles, 'dockerfile' | 'ignore'>> {
  const name = cleanPath(`/${dockerfile.name}`).slice(1);
  const source = dockerfile.source ?? context;
  const [text, ownIgnore] =
    dockerfile.text === undefined
      ? await readTexts(source, ask, [name, `${name}.dockerignore`])
      : [dockerfile.text, dockerfile.ignore];
  if (text === undefined)
    throw new InvalidArgumentError(`Cannot locate specified Dockerfile: ${dockerfile.name}`, {
      why: 'the build context has no file of that name',
      hint: 'name it with --file, relative to the context',
    });
  const [ignore] = ownIgnore === undefined ? await readTexts(context, ask, ['.dockerignore']) : [ownIgnore];
  return { dockerfile: { name, text }, ignore: ignoreLines(ignore ?? '') };
}

async function readTexts(
  source: ContextSource,
  ask: Omit<ContextAsk, 'only'>,
  paths: readonly string[],
): Promise<(string | undefined)[]> {
  await using opened = await source.open({ ...ask, only: paths });
  return paths.map((path) => readText(opened.tree.root, path));
}

/** @throws {InvalidArgumentError} if it is too large or no file */
export function readText(root: Root, path: string): string | undefined {
  let fd: number;
  try {
    const real = root.resolveInRoot(path, { follow: true });
    fd = root.openFile(real, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
  try {
    const stats = fstatSync(fd);
    if (!stats.isFile()) throw new InvalidArgumentError(`${path} is no file`);
    if (stats.size > TEXT_LIMIT_BYTES)
      throw new InvalidArgumentError(`${path} is larger than ${TEXT_LIMIT_BYTES} bytes`);
    const bytes = Buffer.alloc(stats.size);
    return bytes.toString('utf8', 0, readSync(fd, bytes, 0, bytes.length, 0)); // eslint-disable-line max-params -- Node's own
  } finally {
    closeSync(fd);
  }
}
