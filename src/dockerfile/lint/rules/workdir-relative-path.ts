import type { Rule } from '../rule.ts';
import type { StageView } from '../subject.ts';

/** A relative WORKDIR goes on from whatever the base image has. */
export const workdirRelativePath: Rule = {
  code: 'WorkdirRelativePath',
  severity: 'warning',
  description: 'the first WORKDIR is an absolute path',
  isPublic: true,
  *check({ stages }) {
    for (const stage of stages) {
      if (setsWorkdir(stage.below)) continue;
      const first = stage.steps.find(({ instruction }) => instruction.kind === 'workdir');
      if (first?.instruction.kind !== 'workdir') continue;
      const { value, node } = first.instruction;
      const { word, missing, isBroken } = first.scope.expand(value);
      const isUnknown = isBroken || (missing.length > 0 && !first.scope.isWhole);
      if (word.startsWith('/') || isUnknown) continue;
      yield {
        node,
        piece: value,
        message: `WORKDIR ${word} depends on the folder that the base image ends with`,
        fix: `write WORKDIR /${word}`,
      };
    }
  },
};

function setsWorkdir(stage: StageView | undefined): boolean {
  if (stage === undefined) return false;
  return stage.steps.some(({ instruction }) => instruction.kind === 'workdir') || setsWorkdir(stage.below);
}
