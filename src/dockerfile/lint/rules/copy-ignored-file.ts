import { cleanPath } from '../../clean-path.ts';
import { compileIgnore, type Ignore } from '../../ignore.ts';
import { isContextCopy } from '../context-copy.ts';
import type { Rule } from '../rule.ts';
import { stepsOf } from '../subject.ts';

const ALL = ['*', '**', '**/*'];

/** A source that the ignore file takes away is never found. */
export const copyIgnoredFile: Rule = {
  code: 'CopyIgnoredFile',
  severity: 'warning',
  description: 'COPY and ADD name files that the ignore file leaves in the context',
  isPublic: true,
  *check({ stages, facts: { ignore: lines } }) {
    const hasExceptions = lines?.some((line) => line.startsWith('!')) ?? false;
    if (lines === undefined || lines.length === 0 || hasExceptions) return;
    const ignore = compileOrNothing(lines);
    if (ignore === undefined) return;
    for (const { instruction, scope } of stepsOf(stages)) {
      if (!isContextCopy(instruction)) continue;
      for (const written of instruction.sources) {
        const { word, missing, isBroken } = scope.expand(written);
        if (word === '' || isBroken || missing.length > 0 || !excludes(ignore, { lines, word })) continue;
        yield {
          node: instruction.node,
          piece: written,
          message: `${instruction.node.instruction} ${word}: the ignore file takes it out of the context`,
          fix: 'take the pattern out of the ignore file, or do not copy it',
        };
      }
    }
  },
};

function excludes(ignore: Ignore, { lines, word }: { lines: readonly string[]; word: string }): boolean {
  if (/^[a-z][a-z0-9+.-]*:\/\/|^git@|^<</i.test(word)) return false;
  const path = cleanPath(word.startsWith('/') ? `.${word}` : word);
  if (path === '.') return lines.some((line) => ALL.includes(line));
  return ignore.excludes(path);
}

/** A broken ignore file is told by those who need it. */
function compileOrNothing(lines: readonly string[]): Ignore | undefined {
  try {
    return compileIgnore(lines);
  } catch {
    return undefined;
  }
}
