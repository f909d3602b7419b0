import type { Rule } from '../rule.ts';

/** `FROM … AS`, `from … as`. */
export const fromAsCasing: Rule = {
  code: 'FromAsCasing',
  severity: 'warning',
  description: 'FROM and AS are written in the same case',
  isPublic: true,
  *check({ all }) {
    for (const { stage } of all) {
      const { node } = stage.from;
      const as = node.args[1];
      const from = node.original.slice(0, node.instruction.length);
      const isLower = from === from.toLowerCase();
      if (as === undefined || (!isLower && from !== from.toUpperCase())) continue;
      const fitting = isLower ? 'as' : 'AS';
      if (as !== fitting)
        yield { node, piece: ` ${as} `, message: `'${as}' and '${from}' differ in case`, fix: `write ${fitting}` };
    }
  },
};
