import { expand } from '../../expand.ts';
import { heredocText } from '../../heredoc.ts';
import type { StageInstruction } from '../../instruction.ts';
import { nearest } from '../../nearest.ts';
import type { Rule } from '../rule.ts';
import { type Scope, stepsOf } from '../subject.ts';

/** A variable that nothing sets becomes an empty text, silently. */
export const undefinedVar: Rule = {
  code: 'UndefinedVar',
  severity: 'warning',
  description: 'variables are set before they are used',
  isPublic: true,
  *check({ stages, reading }) {
    for (const { instruction, scope } of stepsOf(stages)) {
      const names = new Set(textsOf(instruction, reading.buildArgs).flatMap((text) => missingIn(text, scope)));
      for (const name of names) {
        const close = nearest(name, [...scope.variables().keys(), ...scope.declared()]);
        // What the image brings along is not known before it is here: then only what looks misspelt is told.
        if (!scope.isWhole && close === undefined) continue;
        yield {
          node: instruction.node,
          piece: instruction.node.original.includes(`$\{${name}`) ? `$\{${name}` : `$${name}`,
          message: `$${name} is not set here${close === undefined ? '' : ` (did you mean $${close}?)`}`,
          fix: close === undefined ? 'set it with ARG or ENV above' : `write $${close}`,
        };
      }
    }
  },
};

interface ExpandedText {
  text: string;
  isHeredoc: boolean;
}

function missingIn({ text, isHeredoc }: ExpandedText, scope: Scope): string[] {
  if (!text.includes('$')) return [];
  const missing = isHeredoc ? missingInHeredoc(text, scope) : scope.expand(text).missing;
  if (missing.length === 0) return [];
  const declared = scope.declared();
  return missing.filter((name) => !declared.has(name) && /^[A-Za-z_]\w*$/.test(name));
}

function missingInHeredoc(text: string, scope: Scope): string[] {
  try {
    return expand(text, scope.variables(), { heredoc: true }).missing;
  } catch {
    return []; // told when the step comes
  }
}

/** The texts of an instruction in which the builder replaces variables. */
function textsOf(instruction: StageInstruction, buildArgs: ReadonlyMap<string, string> | undefined): ExpandedText[] {
  switch (instruction.kind) {
    case 'copy':
    case 'add': {
      const { sources, target, chown, chmod, exclude, checksum, heredocs } = instruction;
      const bodies = heredocs.filter((heredoc) => heredoc.expand);
      return [
        ...words([...sources, target, chown, chmod, checksum, ...exclude]),
        ...bodies.map((heredoc) => ({ text: heredocText(heredoc), isHeredoc: true })),
      ];
    }
    case 'env':
    case 'label':
      return words(instruction.pairs.flatMap(({ name, value }) => [name, value]));
    case 'arg':
      return words(instruction.args.filter(({ name }) => buildArgs?.has(name) !== true).map(({ value }) => value));
    case 'expose':
    case 'volume':
      return words(instruction.values);
    case 'stopsignal':
    case 'user':
    case 'workdir':
      return words([instruction.value]);
    case 'run':
      return words(instruction.mounts);
    default:
      return [];
  }
}

function words(texts: readonly (string | undefined)[]): ExpandedText[] {
  return texts.flatMap((text) => (text === undefined ? [] : [{ text, isHeredoc: false }]));
}
