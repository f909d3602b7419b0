import type { StageInstruction } from '#dockerfile/instruction.ts';
import type { StageRun } from '../build-run.ts';
import type { Layer } from '../layers.ts';
import type { Workspace } from '../workspace.ts';

/** An instruction with everything replaced, ready to be looked up or done. */
export interface Step {
  /** What its result depends on, beside everything before it. */
  inputs: readonly StepInput[];
  /** More of it that takes time to find out: asked for unless `shortcut` leads to an earlier result. */
  lateInputs?: () => Promise<readonly StepInput[]>;
  /** What stands for the late inputs as long as it is the same: the layers that files are taken from, and which of them. */
  shortcut?: { layers: readonly Layer[]; inputs: readonly StepInput[] };
  /** As `docker history` shows it. */
  createdBy: string;
  /** The history has no line for it. */
  isUntold?: boolean;
  /** What it does to the tree; absent for an instruction that only changes the config. */
  run?: (workspace: Workspace) => Promise<void>;
  /** Keeps what `run` did, where that is more than one layer; bottom first. */
  commit?: (workspace: Workspace) => Promise<readonly StepLayer[]>;
  /** Whether what `run` did had been done before, for another tree below. */
  isReused?: () => boolean;
  /** Told the key that its result is kept under, once it is done or found. */
  done?: (key: string) => void;
  /** Whether output of its own tells that it runs. */
  isProcess?: boolean;
  /** Let go when the step is over. */
  resources?: AsyncDisposable;
}

/** One thing that a step depends on, by name, so that a change of it can be told. */
export interface StepInput {
  /** `command`, `argument VERSION`, `files`, `owner`, … */
  name: string;
  /** Anything JSON has; equal if nothing changed. */
  value: unknown;
  /** Digests of single files that `value` stands for. */
  files?: ReadonlyMap<string, string>;
}

/** A layer that a step left. */
export interface StepLayer {
  layer: Layer;
  /** As `docker history` shows it. */
  title: string;
}

/** Makes a step of an instruction; what it does to the config is done by that. */
export type PrepareStep<T extends StageInstruction> = (run: StageRun, instruction: T) => Promise<Step>;
