import { InvalidArgumentError } from '#lib/errors.ts';
import type { StageInstruction } from './instruction.ts';
import { parseDockerfile } from './parse.ts';
import { readInstruction } from './read-instruction.ts';

const FORBIDDEN = ['from', 'maintainer', 'onbuild'];

/** The instruction that ONBUILD kept for the build on top of it, with its heredocs. @throws {InvalidArgumentError} {DockerfileError} */
export function readTrigger(text: string): StageInstruction {
  const [node, ...more] = parseDockerfile(text, 'ONBUILD').nodes;
  if (node === undefined || more.length > 0)
    throw new InvalidArgumentError('an ONBUILD trigger is one instruction', { why: `it is ${JSON.stringify(text)}` });
  const instruction = readInstruction(node);
  if (instruction.kind === 'from' || FORBIDDEN.includes(instruction.kind))
    throw new InvalidArgumentError(`${node.instruction} isn't allowed as an ONBUILD trigger`);
  return instruction;
}

/** What an instruction does in the stages that begin with its own: an ONBUILD, at its place. A broken one is told when it is run. */
export function triggerOf(instruction: StageInstruction): StageInstruction[] {
  if (instruction.kind !== 'onbuild') return [];
  try {
    const trigger = readTrigger(instruction.value);
    return [{ ...trigger, node: { ...trigger.node, line: instruction.node.line, endLine: instruction.node.endLine } }];
  } catch {
    return [];
  }
}
