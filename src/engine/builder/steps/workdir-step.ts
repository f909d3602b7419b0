import type { TextInstruction } from '#dockerfile/instruction.ts';
import { lookupUserIn } from '#engine/containers/users.ts';
import { InvalidArgumentError } from '#lib/errors.ts';
import { openRoot, type Root } from '#lib/files/open-root.ts';
import type { StageRun } from '../build-run.ts';
import { resolveWorkdir } from './config-step.ts';
import { configText } from './history-text.ts';
import type { Step } from './step.ts';
import { makeFolders } from './write-files.ts';

/** WORKDIR: the folder is made when it is not there, and belongs to the user that steps run as. */
export function workdirStep(run: StageRun, { value }: TextInstruction): Step {
  const { config, scope } = run.state;
  const path = resolveWorkdir(config.WorkingDir, scope.expand(value));
  const user = config.User ?? '';
  config.WorkingDir = path;
  const text = `WORKDIR ${path}`;
  return {
    inputs: [
      { name: 'instruction', value: text },
      { name: 'user', value: user },
    ],
    createdBy: configText(run, { classic: text, buildkit: text }),
    async run(workspace) {
      using root = openRoot(await workspace.open());
      const found = root.stat(path);
      if (found === undefined)
        makeFolders(root, path.slice(1), { owner: user === '' ? undefined : ownerOf(root, user) });
      else if (!found.isDirectory())
        throw new InvalidArgumentError(`cannot mkdir: ${path} is not a directory`, {
          why: 'WORKDIR names something that is there and is no folder',
        });
    },
  };
}

/** A user that the image does not know makes folders of root's, as with BuildKit; a process of that user is refused later. */
function ownerOf(root: Root, user: string): { uid: number; gid: number } | undefined {
  try {
    const { uid, gid } = lookupUserIn(root, user);
    return { uid, gid };
  } catch (error) {
    if (error instanceof InvalidArgumentError) return undefined;
    throw error;
  }
}
