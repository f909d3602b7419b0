import type { StageInstruction } from '../instruction.ts';
import { stageLabel } from '../stage-graph.ts';
import { placeOf } from './print-ast.ts';
import type { PrintablePlan, PrintableStage } from './printable-plan.ts';

/** Instructions that change files; the others change only what the image says about itself. */
const WITH_FILES = ['run', 'copy', 'add', 'workdir'];

/** The steps of a build, stage by stage, numbered as its progress shows them. */
export function printPlan(plan: PrintablePlan): string {
  const parts = plan.stages.map((stage) => printStage(plan, stage));
  const skipped = plan.program.stages.filter(({ index }) => !plan.stages.some(({ stage }) => stage.index === index));
  if (skipped.length > 0) parts.push(`not needed: ${skipped.map(stageLabel).join(', ')}`);
  parts.push(`result: ${stageLabel(plan.target.stage)}`);
  return `${parts.join('\n\n')}\n`;
}

function printStage({ program }: PrintablePlan, { stage, base, baseStage, needs }: PrintableStage): string {
  const label = stageLabel(stage);
  const total = 1 + stage.instructions.filter(({ kind }) => WITH_FILES.includes(kind)).length;
  const waits = [...needs]
    .toSorted((a, b) => a - b)
    .flatMap((index) => {
      const needed = program.stages[index];
      return needed === undefined ? [] : [stageLabel(needed)];
    });
  let number = 1;
  const steps = stage.instructions.map((instruction) => {
    if (WITH_FILES.includes(instruction.kind)) number += 1;
    return stepLine(instruction, { label, number, total });
  });
  return [
    `stage ${label}${waits.length === 0 ? '' : `, after ${waits.join(', ')}`}`,
    `  [${label} 1/${total}] FROM ${baseStage === undefined ? base : stageLabel(baseStage)}`,
    ...steps,
  ].join('\n');
}

function stepLine(
  { kind, node }: StageInstruction,
  { label, number, total }: { label: string; number: number; total: number },
): string {
  const text = node.original.replace(/\s+/g, ' ');
  if (!WITH_FILES.includes(kind)) return `  config: ${text}  (line ${placeOf(node)})`;
  return `  [${label} ${number}/${total}] ${text}  (line ${placeOf(node)})`;
}
