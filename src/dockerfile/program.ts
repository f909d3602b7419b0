import { DockerfileError, locate, type SourceText } from './dockerfile-error.ts';
import type { Directives } from './directives.ts';
import type { ArgInstruction, FromInstruction, StageInstruction } from './instruction.ts';
import { type Ast, parseDockerfile, withPlace } from './parse.ts';
import { readInstruction } from './read-instruction.ts';

/** From one FROM to the next. */
export interface Stage {
  index: number;
  from: FromInstruction;
  instructions: StageInstruction[];
}

/** A whole Dockerfile, checked as far as it can be without building. */
export interface Program {
  /** ARG before the first FROM: known to FROM lines, and to stages that name them again. */
  globalArgs: ArgInstruction[];
  stages: Stage[];
  directives: Directives;
  warnings: Ast['warnings'];
  source: SourceText;
}

/** Text to stages of typed instructions. @throws {DockerfileError} with the place */
export function readDockerfile(text: string, file = 'Dockerfile'): Program {
  const { nodes, source, directives, warnings } = parseDockerfile(text, file);
  const globalArgs: ArgInstruction[] = [];
  const stages: Stage[] = [];
  for (const node of nodes) {
    const instruction = withPlace(source, node, pieceOf(node.instruction, node.original), () => readInstruction(node));
    const stage = stages.at(-1);
    if (instruction.kind === 'from') stages.push({ index: stages.length, from: instruction, instructions: [] });
    else if (stage !== undefined) stage.instructions.push(instruction);
    else if (instruction.kind === 'arg') globalArgs.push(instruction);
    else throw beforeFrom(source, instruction);
  }
  if (stages.length === 0)
    throw new DockerfileError('dockerfile contains no stages to build', {
      source,
      location: locate(source, { line: 1, endLine: source.lines.length }, ''),
      hint: 'begin with FROM <image>',
    });
  return { globalArgs, stages, directives, warnings, source };
}

/** The instruction's name as the person wrote it. */
function pieceOf(instruction: string, original: string): string {
  return original.slice(0, instruction.length);
}

function beforeFrom(source: SourceText, { node }: StageInstruction): DockerfileError {
  return new DockerfileError('no build stage in current context', {
    source,
    location: locate(source, node, ''),
    hint: `put FROM before ${node.instruction}`,
  });
}
