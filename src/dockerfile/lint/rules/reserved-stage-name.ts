import type { Rule } from '../rule.ts';

const RESERVED = ['scratch', 'context'];

/** Names that mean something else. */
export const reservedStageName: Rule = {
  code: 'ReservedStageName',
  severity: 'warning',
  description: 'no stage is called scratch or context',
  isPublic: true,
  *check({ all }) {
    for (const { stage } of all) {
      const { name, node } = stage.from;
      if (name === undefined || !RESERVED.includes(name)) continue;
      yield {
        node,
        piece: node.args[2] ?? name,
        message: `stage '${name}' has a name that means something else`,
        fix: 'rename it',
      };
    }
  },
};
