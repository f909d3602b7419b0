import type { Rule } from '../rule.ts';

/** `ENV name value` takes the whole rest of the line. */
export const legacyKeyValueFormat: Rule = {
  code: 'LegacyKeyValueFormat',
  severity: 'warning',
  description: 'ENV and LABEL are written with =',
  isPublic: true,
  *check({ stages }) {
    for (const { steps } of stages)
      for (const { instruction } of steps) {
        if (instruction.kind !== 'env' && instruction.kind !== 'label') continue;
        const [name = '', value = '', separator] = instruction.node.args;
        if (separator !== '') continue;
        const { node } = instruction;
        const quoted = /[\s"']/.test(value) ? JSON.stringify(value) : value;
        yield {
          node,
          piece: name,
          message: `${node.instruction} ${name} has no = before its value`,
          fix: `write ${node.instruction} ${name}=${quoted}`,
        };
      }
  },
};
