import { closeSync, constants, fstatSync, readSync } from 'node:fs';
import { cleanPath } from '#dockerfile/clean-path.ts';
import { ignoreLines } from '#dockerfile/ignore.ts';
import { InvalidArgumentError, NotFoundError } from '#lib/errors.ts';
import type { Root } from '#lib/files/open-root.ts';
import type { BuildReport } from '../progress/report.ts';
import type { BuildRequest } from '../request.ts';
import type { ContextAsk, ContextSource, OpenedContext } from './context-source.ts';
import type { SourceTree } from './source-tree.ts';

/** The files that a build starts from. Gone when disposed. */
export interface BuildFiles extends AsyncDisposable {
  dockerfile: { name: string; text: string };
  /** Lines of the ignore file that holds for the context. */
  ignore: readonly string[];
  /** Folder for what a build fetches. */
  scratch: string;
  /** The context without what is ignored; opened when the first step needs it. */
  context(): Promise<SourceTree>;
  /** What was opened of the context, if it was. */
  opened(): Promise<OpenedContext | undefined>;
}

const TEXT_LIMIT_BYTES = 16 * 1024 * 1024;

/**
 * Reads the Dockerfile, which may itself be ignored, and the ignore file.
 * @throws {InvalidArgumentError} if the context is broken, reaches outside, or has no such Dockerfile
 */
export async function openBuildFiles({
  request,
  report,
  scratch,
}: {
  request: Pick<BuildRequest, 'context' | 'dockerfile' | 'signal'>;
  report: BuildReport;
  scratch: string;
}): Promise<BuildFiles> {
  await using cleanup = new AsyncDisposableStack();
  const ask = { scratch, signal: request.signal };
  const found = await report.within(
    { name: `[internal] load build definition from ${request.dockerfile.name}` },
    async (vertex) => readDefinition(request, { ...ask, vertex, exclude: [] }),
  );
  let main: Promise<OpenedContext> | undefined;
  const open = (): Promise<OpenedContext> =>
    report.within({ name: '[internal] load build context' }, async (vertex) =>
      cleanupLater.use(await request.context.open({ ...ask, vertex, only: undefined, exclude: found.ignore })),
    );
  const cleanupLater = cleanup.move();
  return {
    ...found,
    scratch,
    async context() {
      main ??= open();
      return (await main).tree;
    },
    opened: async () => main,
    [Symbol.asyncDispose]: () => cleanupLater.disposeAsync(),
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
      : [dockerfile.text, undefined];
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
function readText(root: Root, path: string): string | undefined {
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
