import type { Rule } from '../rule.ts';

/** Names of stages are compared without regard to case; what is written should look like it. */
export const stageNameCasing: Rule = {
  code: 'StageNameCasing',
  severity: 'warning',
  description: 'names of stages are written in small letters',
  isPublic: true,
  *check({ all }) {
    for (const { stage } of all) {
      const written = stage.from.node.args[2];
      if (written === undefined || written === written.toLowerCase()) continue;
      const { node } = stage.from;
      yield {
        node,
        piece: written,
        message: `stage '${written}' has capitals`,
        fix: `call it ${written.toLowerCase()}`,
      };
    }
  },
};
