import type { StageRun } from '../build-run.ts';
import { shellOf } from '../stages/stage-state.ts';

/** How the two kinds of builds name the same step in the history. */
export interface HistoryText {
  /** As Docker's own builder does; a config step is given without what stands before it. */
  classic: string;
  /** As BuildKit does. */
  buildkit: string;
}

/** Of a step that only changes the config, or writes files without a process. */
export function configText({ build, state }: StageRun, { classic, buildkit }: HistoryText): string {
  return build.request.history === 'classic' ? `${shellOf(state).join(' ')} #(nop) ${classic}` : buildkit;
}

/** Of a step that runs a process. */
export function processText({ build }: StageRun, { classic, buildkit }: HistoryText): string {
  return build.request.history === 'classic' ? classic : `${buildkit} # buildkit`;
}
