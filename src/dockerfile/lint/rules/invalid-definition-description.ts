import type { Node } from '../../parse.ts';
import type { Found, Rule } from '../rule.ts';

/** A comment right above ARG or a named stage describes it, if it begins with the name. */
export const invalidDefinitionDescription: Rule = {
  code: 'InvalidDefinitionDescription',
  severity: 'warning',
  description: 'the comment above ARG or FROM is a description: # <name> <what it is for>',
  isPublic: true,
  isExperimental: true,
  *check({ program, all }) {
    for (const { node, args } of program.globalArgs)
      yield* checkComment(
        node,
        args.map(({ name }) => name),
      );
    for (const { stage } of all) {
      const written = stage.from.node.args[2];
      if (written !== undefined) yield* checkComment(stage.from.node, [written]);
      for (const instruction of stage.instructions)
        if (instruction.kind === 'arg')
          yield* checkComment(
            instruction.node,
            instruction.args.map(({ name }) => name),
          );
    }
  },
};

function* checkComment(node: Node, names: readonly string[]): Generator<Found> {
  const last = node.comments.at(-1);
  // A directive is no description.
  if (last === undefined || /^(?:syntax|escape|check)\s*=/i.test(last)) return;
  const [word = ''] = last.split(' ');
  if (names.includes(word)) return;
  yield {
    node,
    message: `the comment above ${node.instruction} does not begin with ${names.length === 1 ? names[0] : 'the name of an argument'}`,
    fix: 'begin it with the name, or put a blank line below it',
  };
}
