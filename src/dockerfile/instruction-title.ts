import { parseHeredoc } from './heredoc.ts';
import type { StageInstruction } from './instruction.ts';

/** What people are shown of an instruction that runs: of a script in a heredoc its first line too, as BuildKit has it. */
export function instructionTitle(instruction: StageInstruction): string {
  const { original } = instruction.node;
  if (instruction.kind !== 'run' || instruction.command.form !== 'shell') return original;
  const [script] = instruction.heredocs;
  const [opening = ''] = instruction.command.args;
  if (script === undefined || parseHeredoc(opening) === undefined) return original;
  const [first = '', ...more] = script.content.trim().split(/\r?\n/);
  return `${original} (${first}${more.length > 0 ? '...' : ''})`;
}
