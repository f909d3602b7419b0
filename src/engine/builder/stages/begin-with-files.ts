import { openNamedFiles } from '../sources/open-named-files.ts';
import type { ContextSource } from '../sources/context-source.ts';
import type { BuildRun } from '../build-run.ts';
import type { Vertex } from '../progress/events.ts';
import { digestSource } from '../sources/digest-source.ts';
import { matchSources } from '../sources/find-sources.ts';
import { writeSource } from '../steps/write-files.ts';
import { openRoot } from '#lib/files/open-root.ts';
import { executeStep } from './execute-step.ts';
import type { StageState } from './stage-state.ts';

/** FROM of a named context: all its files over nothing. */
export async function beginWithFiles(
  build: BuildRun,
  state: StageState,
  { name, index, source, vertex }: { name: string; index: number; source: ContextSource; vertex: Vertex },
): Promise<void> {
  const { signal } = build;
  await using opened = await openNamedFiles(build, name, source);
  const { tree } = opened;
  const [files] = matchSources(tree, '.', []);
  if (files === undefined) return;
  const digest = await digestSource(tree, files, { withOwner: true, signal });
  await executeStep(
    { build, state, index, vertex },
    {
      inputs: [{ name: 'files', value: ['context', digest] }],
      createdBy: `FROM ${name} # the files of a build context`,
      async run(workspace) {
        using to = openRoot(await workspace.open());
        await writeSource(
          { from: tree, to },
          { source: files, path: '' },
          { owner: undefined, chmod: undefined, signal },
        );
      },
    },
  );
}
