import { referencedNames } from '../../global-args.ts';
import { nearest } from '../../nearest.ts';
import type { Rule } from '../rule.ts';

/** FROM sees only the arguments before the first FROM. */
export const undefinedArgInFrom: Rule = {
  code: 'UndefinedArgInFrom',
  severity: 'warning',
  description: 'variables of FROM have an ARG before the first FROM',
  isPublic: true,
  *check({ all, graph: { globals }, program }) {
    const known = [...new Set([...globals.declared.keys(), ...globals.variables.keys()])];
    const texts = all.flatMap(({ stage: { from } }) =>
      [from.base, from.platform ?? ''].map((text) => ({ text, node: from.node })),
    );
    for (const { text, node } of texts)
      for (const name of referencedNames(text, program.directives.escape)) {
        if (known.includes(name)) continue;
        const close = nearest(name, known);
        yield {
          node,
          piece: text,
          message: `FROM uses $${name}, which no ARG declares${close === undefined ? '' : ` (did you mean $${close}?)`}`,
          fix: close === undefined ? `put ARG ${name} before the first FROM` : `write $${close}`,
        };
      }
  },
};
