import { ignoreLines } from '#dockerfile/ignore.ts';
import type { BuildRun, OpenSource } from '../build-run.ts';
import { readText } from './build-files.ts';
import type { ContextAsk, ContextSource } from './context-source.ts';

/** Files of a named context, without what its own ignore file leaves out. */
export async function openNamedFiles(
  { report, files, materials }: BuildRun,
  ...[name, source]: [name: string, source: ContextSource]
): Promise<OpenSource> {
  const opened = await report.within({ name: `[context ${name}] load from ${source.title}` }, async (vertex) => {
    const ask = { ...files.ask, vertex, only: undefined, exclude: [] };
    return source.open({ ...ask, exclude: await ignoreOf(source, ask) });
  });
  const { tree, material } = opened;
  if (material !== undefined && !materials.includes(material)) materials.push(material);
  return { tree, stack: undefined, [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose]() };
}

async function ignoreOf(source: ContextSource, ask: ContextAsk): Promise<readonly string[]> {
  if (source.hasIgnoreFile !== true) return [];
  await using opened = await source.open({ ...ask, only: ['.dockerignore'] });
  return ignoreLines(readText(opened.tree.root, '.dockerignore') ?? '');
}
