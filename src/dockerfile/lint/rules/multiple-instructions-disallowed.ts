import type { StageInstruction } from '../../instruction.ts';
import type { Rule } from '../rule.ts';

const SINGLE = ['cmd', 'entrypoint', 'healthcheck'];

/** Of several CMD, ENTRYPOINT or HEALTHCHECK only the last counts. */
export const multipleInstructionsDisallowed: Rule = {
  code: 'MultipleInstructionsDisallowed',
  severity: 'warning',
  description: 'CMD, ENTRYPOINT and HEALTHCHECK come once in a stage',
  isPublic: true,
  *check({ stages }) {
    for (const { steps } of stages) {
      const last = new Map<string, StageInstruction>();
      for (const { instruction } of steps) {
        if (!SINGLE.includes(instruction.kind)) continue;
        const before = last.get(instruction.kind);
        last.set(instruction.kind, instruction);
        if (before === undefined) continue;
        yield {
          node: before.node,
          message: `this ${before.node.instruction} has no effect: the one on line ${instruction.node.line} replaces it`,
          fix: 'remove one of them',
        };
      }
    }
  },
};
