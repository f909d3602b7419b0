import type { Rule } from '../rule.ts';

/** MAINTAINER has been superseded by a label. */
export const maintainerDeprecated: Rule = {
  code: 'MaintainerDeprecated',
  severity: 'warning',
  description: 'authors are named by a label, not by MAINTAINER',
  isPublic: true,
  *check({ stages }) {
    for (const { steps } of stages)
      for (const { instruction } of steps)
        if (instruction.kind === 'maintainer')
          yield {
            node: instruction.node,
            message: 'MAINTAINER is out of use',
            fix: `write LABEL org.opencontainers.image.authors=${JSON.stringify(instruction.value)}`,
          };
  },
};
