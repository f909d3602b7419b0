import type { RunInstruction } from '../instruction.ts';
import { parseMountFlag, type MountFlag } from '../mount-flag.ts';
import { commandsOfRun, type ShellCommand } from '../shell-commands.ts';
import type { LintSubject, Scope, StageView } from './subject.ts';

/** A RUN as rules look at it. */
export interface RunView {
  instruction: RunInstruction;
  stage: StageView;
  scope: Scope;
  workdir: string;
  commands: readonly ShellCommand[];
  mounts: readonly MountFlag[];
}

const known = new WeakMap<StageView, RunView[]>();

/** The RUN instructions of all stages that are built. */
export function runsOf({ stages }: Pick<LintSubject, 'stages'>): RunView[] {
  return stages.flatMap(runsOfStage);
}

/** The RUN instructions of one stage. */
export function runsOfStage(stage: StageView): RunView[] {
  const before = known.get(stage);
  if (before !== undefined) return before;
  const runs = stage.steps.flatMap(({ instruction, scope, workdir }): RunView[] => {
    if (instruction.kind !== 'run') return [];
    const mounts = instruction.mounts.flatMap((mount) => readMount(scope.expand(mount).word));
    return [{ instruction, stage, scope, workdir, commands: commandsOfRun(instruction), mounts }];
  });
  known.set(stage, runs);
  return runs;
}

function readMount(text: string): MountFlag[] {
  try {
    return [parseMountFlag(text)];
  } catch {
    return []; // told where mounts are checked
  }
}

/** Whether something is mounted over a folder or over one above it: what is written there is not in the image. */
export function isMounted({ mounts }: RunView, folder: string): boolean {
  return mounts.some(({ type, target }) => {
    const path = target.replace(/\/+$/, '');
    return (type === 'cache' || type === 'tmpfs') && (path === folder || folder.startsWith(`${path}/`));
  });
}

/** Whether one of the commands removes a folder or what is in it. */
export function removes({ commands }: RunView, folder: RegExp): boolean {
  return commands.some(
    ({ words: [program, ...args] }) =>
      (program === 'rm' || program === 'find' || program === 'rmdir') && args.some((arg) => folder.test(arg)),
  );
}
