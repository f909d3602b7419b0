import type { Rule } from '../rule.ts';
import type { StageView } from '../subject.ts';

/** A service that hangs, and nobody knows. */
export const noHealthcheck: Rule = {
  code: 'NoHealthcheck',
  severity: 'hint',
  description: 'services say whether they are well',
  isPublic: false,
  *check({ stages }) {
    const target = stages.find(({ isTarget }) => isTarget);
    const expose = target?.steps.find(({ instruction }) => instruction.kind === 'expose');
    if (target === undefined || expose === undefined || hasHealthcheck(target)) return;
    yield {
      node: expose.instruction.node,
      message: 'nothing tells whether the service on this port is well',
      fix: 'add HEALTHCHECK CMD <command that fails when it is not>',
    };
  },
};

function hasHealthcheck(stage: StageView): boolean {
  if (stage.steps.some(({ instruction }) => instruction.kind === 'healthcheck')) return true;
  return stage.below === undefined ? stage.image?.hasHealthcheck === true : hasHealthcheck(stage.below);
}
