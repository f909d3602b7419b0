import type { Reading } from '../global-args.ts';
import { parseDockerfile } from '../parse.ts';
import { readDockerfile } from '../program.ts';
import { stageGraph } from '../stage-graph.ts';
import { printAst } from './print-ast.ts';
import { printGraph } from './print-graph.ts';
import { printInstructions } from './print-instructions.ts';
import { planOfGraph } from './printable-plan.ts';
import { printPlan } from './print-plan.ts';

/** How far a Dockerfile is followed before it is shown. */
export const PRINT_KINDS = ['ast', 'instructions', 'graph', 'plan'] as const;

export type PrintKind = (typeof PRINT_KINDS)[number];

/** A Dockerfile as the builder understands it, without building anything. @throws {DockerfileError} with the place */
export function printDockerfile(
  text: string,
  kind: PrintKind,
  { file = 'Dockerfile', ...reading }: Reading & { file?: string } = {},
): string {
  if (kind === 'ast') return printAst(parseDockerfile(text, file));
  const program = readDockerfile(text, file);
  if (kind === 'instructions') return printInstructions(program);
  const plan = planOfGraph(stageGraph(program, reading));
  return kind === 'graph' ? printGraph(plan) : printPlan(plan);
}
