import { createReport } from '../progress/report.ts';
import { type BuildFiles, openBuildFiles } from './build-files.ts';
import type { SourceTree } from './source-tree.ts';
import { tarContext } from './tar-context.ts';

/** The files of a build whose context is an archive, opened below a folder. */
export async function openTestFiles(
  scratch: string,
  body: AsyncIterable<Uint8Array>,
  {
    dockerfile = 'Dockerfile',
    signal = new AbortController().signal,
  }: { dockerfile?: string; signal?: AbortSignal } = {},
): Promise<BuildFiles & { tree: SourceTree }> {
  await using stack = new AsyncDisposableStack();
  const context = stack.use(tarContext(body));
  const request = { context, dockerfile: { name: dockerfile }, signal };
  const files = stack.use(await openBuildFiles({ request, report: createReport('test', () => {}), scratch }));
  const tree = await files.context();
  const held = stack.move();
  return { ...files, tree, [Symbol.asyncDispose]: () => held.disposeAsync() };
}
