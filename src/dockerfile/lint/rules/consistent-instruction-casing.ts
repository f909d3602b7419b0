import type { Node } from '../../parse.ts';
import type { Rule } from '../rule.ts';

/** All instructions in capitals, or all in small letters: as most of them are. */
export const consistentInstructionCasing: Rule = {
  code: 'ConsistentInstructionCasing',
  severity: 'warning',
  description: 'all instructions are written in the same case',
  isPublic: true,
  *check({ all }) {
    const nodes = all.flatMap(({ stage }) => [stage.from.node, ...stage.instructions.map(({ node }) => node)]);
    const lower = nodes.filter((node) => wordOf(node) === wordOf(node).toLowerCase()).length;
    const upper = nodes.filter((node) => wordOf(node) === wordOf(node).toUpperCase()).length;
    for (const node of nodes) {
      const word = wordOf(node);
      const fitting = lower > upper ? word.toLowerCase() : word.toUpperCase();
      if (word === fitting) continue;
      const kind = lower > upper ? 'in small letters' : 'in capitals';
      yield { node, piece: word, message: `'${word}' is not ${kind} like most instructions`, fix: `write ${fitting}` };
    }
  },
};

function wordOf({ original, instruction }: Node): string {
  return original.slice(0, instruction.length);
}
