import { expandOrNothing, globalArgs, referencedNames } from '../../global-args.ts';
import type { Rule } from '../rule.ts';

/** `[host[:port]/]path[:tag][@digest]`, as image references are written. */
const REFERENCE =
  /^(?:(?:[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*|\[[0-9a-fA-F:]+\])(?::\d+)?\/)?[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*(?::\w[\w.-]{0,127})?(?:@[A-Za-z][A-Za-z0-9]*:[0-9a-fA-F]{32,})?$/;

/** The build without any `--build-arg` should work, too. */
export const invalidDefaultArgInFrom: Rule = {
  code: 'InvalidDefaultArgInFrom',
  severity: 'warning',
  description: 'FROM names an image also when no arguments are passed',
  isPublic: true,
  *check({ all, program, reading }) {
    const { buildArgs: _, ...rest } = reading;
    const { variables } = globalArgs(program, rest);
    for (const { stage } of all) {
      const { base, node } = stage.from;
      if (referencedNames(base, program.directives.escape).length === 0) continue;
      const { word } = expandOrNothing(base, variables, program.directives.escape);
      if (REFERENCE.test(word)) continue;
      const becomes = word === '' ? 'nothing' : JSON.stringify(word);
      yield {
        node,
        piece: base,
        message: `FROM ${base} becomes ${becomes} unless arguments are passed`,
        fix: 'give the ARG a default',
      };
    }
  },
};
