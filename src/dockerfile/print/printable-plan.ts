import type { Program, Stage } from '../program.ts';
import type { StageGraph } from '../stage-graph.ts';

/** What is built for a target, as the builder plans it and as the graph of stages has it. */
export interface PrintablePlan {
  program: Program;
  /** Stages that the target needs, in the order in which they are there. */
  stages: readonly PrintableStage[];
  target: { stage: Stage };
}

export interface PrintableStage {
  stage: Stage;
  /** The word behind FROM with variables replaced. */
  base: string;
  baseStage: Stage | undefined;
  /** Stages whose result it needs, by index. */
  needs: ReadonlySet<number>;
}

/** The stages of a graph that its target reaches. */
export function planOfGraph({ program, stages, target }: StageGraph): PrintablePlan {
  const reached = stages.filter(({ isReached }) => isReached);
  return {
    program,
    target,
    stages: reached.map(({ stage, base, baseStage, needs }) => ({
      stage,
      base,
      baseStage,
      needs: new Set(needs.flatMap((need) => (need.stage === undefined ? [] : [need.stage.index]))),
    })),
  };
}
