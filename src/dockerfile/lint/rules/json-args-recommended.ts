import type { Rule } from '../rule.ts';
import type { StageView } from '../subject.ts';

/** A shell in front of the process takes the signals that are meant for it. */
export const jsonArgsRecommended: Rule = {
  code: 'JSONArgsRecommended',
  severity: 'warning',
  description: 'CMD and ENTRYPOINT are JSON arrays, so that signals reach the process',
  isPublic: true,
  *check({ stages }) {
    for (const stage of stages) {
      let hasShell = setsShell(stage.below) || stage.image?.hasShell === true;
      for (const { instruction } of stage.steps) {
        if (instruction.kind === 'shell') hasShell = true;
        if (instruction.kind !== 'cmd' && instruction.kind !== 'entrypoint') continue;
        const { command, node } = instruction;
        if (hasShell || command.form === 'exec') continue;
        yield {
          node,
          message: `${node.instruction} goes through a shell, which does not hand on the signal that stops the container`,
          fix: fixOf(node.instruction, command.args.join(' ')),
        };
      }
    }
  },
};

function fixOf(instruction: string, text: string): string {
  const isPlain = /^[\w\s./:=@,+-]+$/.test(text);
  const array = isPlain ? JSON.stringify(text.trim().split(/\s+/)).replaceAll('","', '", "') : 'as a JSON array';
  return `write ${instruction} ${array}, or choose the shell with SHELL`;
}

function setsShell(stage: StageView | undefined): boolean {
  if (stage === undefined) return false;
  return stage.steps.some(({ instruction }) => instruction.kind === 'shell') || setsShell(stage.below);
}
