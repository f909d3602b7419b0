import type { StageInstruction } from '#dockerfile/instruction.ts';
import type { StageRun } from './build-run.ts';
import type { Workspace } from './workspace.ts';

/** An instruction with everything replaced, ready to be looked up or done. */
export interface Step {
  /** What its result depends on, beside everything before it. */
  identity: readonly unknown[];
  /** As `docker history` shows it. */
  createdBy: string;
  /** What it does to the tree; absent for an instruction that only changes the config. */
  run?: (workspace: Workspace) => Promise<void>;
  /** Whether output of its own tells that it runs. */
  isProcess?: boolean;
  /** Let go when the step is over. */
  resources?: AsyncDisposable;
}

/** Makes a step of an instruction; what it does to the config is done by that. */
export type PrepareStep<T extends StageInstruction> = (run: StageRun, instruction: T) => Promise<Step>;

/** How the history names what only changes the config. */
export function nop(shell: readonly string[], text: string): string {
  return `${shell.join(' ')} #(nop) ${text}`;
}
