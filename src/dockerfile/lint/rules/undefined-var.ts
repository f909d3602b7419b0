import { expand } from '../../expand.ts';
import { type ExpandedText, expandedTexts } from '../../expanded-texts.ts';
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
      const names = new Set(expandedTexts(instruction, reading.buildArgs).flatMap((text) => missingIn(text, scope)));
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
