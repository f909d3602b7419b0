import { heredocText, parseHeredoc } from '#dockerfile/heredoc.ts';
import type { RunInstruction } from '#dockerfile/instruction.ts';
import { InvalidArgumentError } from '#lib/errors.ts';

/** Where the text of a heredoc that is a program is seen. */
const SCRIPT_FOLDER = '/dev/pipes';

export interface RunCommand {
  args: string[];
  /** A program to put where the arguments name it. */
  script?: { path: string; text: string };
}

/** The words that RUN runs. A heredoc that stands alone is the text for the shell, or a program if it begins with `#!`. */
export function runCommand(shell: readonly string[], { command, heredocs }: RunInstruction): RunCommand {
  const text = command.args.join(' ');
  if (command.form === 'exec' && command.args.length === 0)
    throw new InvalidArgumentError('RUN has no command', {
      hint: 'write RUN <command>, or RUN ["program", "argument"]',
    });
  if (command.form === 'exec') return { args: [...command.args] };
  const [only] = heredocs;
  if (only === undefined) return { args: [...shell, text] };
  if (parseHeredoc(text.trim().replace(/^(\d*<<)\s+/, '$1')) === undefined) {
    const bodies = heredocs.map(({ content, name }) => `\n${content}${name}`).join('');
    return { args: [...shell, `${text}${bodies}`] };
  }
  const content = heredocText(only);
  if (!content.startsWith('#!')) return { args: [...shell, content] };
  const path = `${SCRIPT_FOLDER}/${only.name}`;
  return { args: [...shell, path], script: { path, text: content } };
}
