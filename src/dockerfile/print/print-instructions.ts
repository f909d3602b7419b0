import type { Instruction } from '../instruction.ts';
import type { Program } from '../program.ts';
import { stageLabel } from '../stage-graph.ts';
import { placeOf } from './print-ast.ts';

/** The stages with their typed instructions; what an instruction does not say is left out. */
export function printInstructions({ globalArgs, stages }: Program): string {
  const parts: string[] = [];
  if (globalArgs.length > 0) parts.push(['before the first FROM', ...globalArgs.flatMap(linesOf)].join('\n'));
  for (const stage of stages) {
    const lines = [stage.from, ...stage.instructions].flatMap(linesOf);
    parts.push([`stage ${stage.index} ${stageLabel(stage)}`, ...lines].join('\n'));
  }
  return `${parts.join('\n\n')}\n`;
}

function linesOf(instruction: Instruction): string[] {
  const { kind, node, ...fields } = instruction;
  const lines = [`  ${placeOf(node)} ${kind}`];
  for (const [name, value] of Object.entries(fields)) {
    const text = textOf(value);
    if (text !== '') lines.push(`      ${name}: ${text}`);
  }
  return lines;
}

/** Nothing for what says nothing. */
function textOf(value: unknown): string {
  if (value === undefined || value === false || value === '') return '';
  if (Array.isArray(value)) return value.length === 0 ? '' : JSON.stringify(value);
  return JSON.stringify(value);
}
