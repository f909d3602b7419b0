import type { Rule } from '../rule.ts';

/** A blank line inside a continued instruction. */
export const noEmptyContinuation: Rule = {
  code: 'NoEmptyContinuation',
  severity: 'warning',
  description: 'an instruction that goes on over several lines has no blank lines in it',
  isPublic: true,
  *check({ program }) {
    for (const { line } of program.warnings)
      yield {
        node: { line, endLine: line, comments: [] },
        message: 'a blank line inside an instruction will not be accepted for ever',
        fix: 'remove the line, or put a comment on it',
      };
  },
};
