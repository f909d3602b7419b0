import { nearest } from '../../nearest.ts';
import type { Rule } from '../rule.ts';

/** `--from` takes the name of an image where no stage has it: a slip of the pen asks a registry. */
export const unknownStage: Rule = {
  code: 'UnknownStage',
  severity: 'warning',
  description: '--from names a stage that is there',
  isPublic: false,
  *check({ stages, all, facts }) {
    for (const { needs, stage } of stages) {
      const names = all.flatMap(({ stage: { from, index } }) =>
        from.name === undefined || index >= stage.index ? [] : [from.name],
      );
      for (const { from, stage: found, by, line } of needs) {
        if (found !== undefined || by === 'FROM' || /[:/@.]/.test(from) || facts.isNamedContext?.(from) === true)
          continue;
        const close = nearest(from, names);
        const instruction = stage.instructions.find(({ node }) => node.line === line);
        if (close === undefined || instruction === undefined) continue;
        yield {
          node: instruction.node,
          piece: `from=${from}`,
          message: `no stage before this one is called ${from} (did you mean ${close}?)`,
          fix: `write from=${close}`,
        };
      }
    }
  },
};
