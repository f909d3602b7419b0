import { stageLabel } from '../stage-graph.ts';
import { table } from '../table.ts';
import type { PrintablePlan } from './printable-plan.ts';

/** Which stage begins with what, which results it waits for, and which stages the target does not need. */
export function printGraph({ program, stages, target }: PrintablePlan): string {
  const rows = program.stages.map((stage) => {
    const planned = stages.find((candidate) => candidate.stage.index === stage.index);
    if (planned === undefined) return [String(stage.index), stageLabel(stage), stage.from.base, '', 'not needed'];
    const { base, baseStage, needs } = planned;
    const others = [...needs].filter((index) => index !== baseStage?.index).toSorted((a, b) => a - b);
    const waits = others.map((index) => labelOf(program.stages[index])).join(' ');
    const isTarget = stage.index === target.stage.index;
    return [
      String(stage.index),
      stageLabel(stage),
      baseStage === undefined ? base : stageLabel(baseStage),
      waits,
      isTarget ? 'target' : '',
    ];
  });
  return table([['STAGE', 'NAME', 'FROM', 'COPIES FROM', ''], ...rows]);
}

function labelOf(stage: Parameters<typeof stageLabel>[0] | undefined): string {
  return stage === undefined ? '?' : stageLabel(stage);
}
