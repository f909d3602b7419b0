import type { Rule } from '../rule.ts';
import { stepsOf } from '../subject.ts';

/** EXPOSE publishes nothing: addresses and ports of the host have no meaning there. */
export const exposeInvalidFormat: Rule = {
  code: 'ExposeInvalidFormat',
  severity: 'warning',
  description: 'EXPOSE names ports of the container only',
  isPublic: true,
  *check({ stages }) {
    for (const { instruction, scope } of stepsOf(stages)) {
      if (instruction.kind !== 'expose') continue;
      for (const written of instruction.values) {
        const { word } = scope.expand(written);
        if (!word.includes(':')) continue;
        yield {
          node: instruction.node,
          piece: written,
          message: `EXPOSE ${word} names an address or a port of the host, which has no effect`,
          fix: `write EXPOSE ${word.slice(word.lastIndexOf(':') + 1)}, and publish it with docker run -p`,
        };
      }
    }
  },
};
