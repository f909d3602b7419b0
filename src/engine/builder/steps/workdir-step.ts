import type { TextInstruction } from '#dockerfile/instruction.ts';
import { openRoot } from '#lib/files/open-root.ts';
import type { StageRun } from '../build-run.ts';
import { resolveWorkdir } from './config-step.ts';
import { shellOf } from '../stages/stage-state.ts';
import { nop, type Step } from './step.ts';
import { makeFolders } from './write-files.ts';

/** WORKDIR: the folder is made when it is not there. */
export function workdirStep({ state }: StageRun, { value }: TextInstruction): Step {
  const { config, scope } = state;
  const path = resolveWorkdir(config.WorkingDir, scope.expand(value));
  config.WorkingDir = path;
  return {
    inputs: [{ name: 'instruction', value: `WORKDIR ${path}` }],
    createdBy: nop(shellOf(state), `WORKDIR ${path}`),
    async run(workspace) {
      using root = openRoot(await workspace.open());
      if (root.stat(path)?.isDirectory() !== true) makeFolders(root, path.slice(1), undefined);
    },
  };
}
