import type { Rule } from '../rule.ts';
import { isMounted, removes, runsOf } from '../run-views.ts';

const LISTS = '/var/lib/apt/lists';

/** Lists of packages that stay in the image, of use to nobody. */
export const aptListsKept: Rule = {
  code: 'AptListsKept',
  severity: 'warning',
  description: 'the lists of apt are no part of an image',
  isPublic: false,
  *check({ stages, facts }) {
    if (facts.hasImplicitCaches === true) return;
    for (const run of runsOf({ stages: stages.filter(({ isInResult }) => isInResult) })) {
      const updates = run.commands.some(({ words }) => isAptUpdate(words));
      if (!updates || isMounted(run, LISTS) || removes(run, /^\/var\/lib\/(?:apt|\{[^}]*apt)/)) continue;
      yield {
        node: run.instruction.node,
        piece: 'update',
        message: 'the lists that apt-get update fetches (some 20 to 50 MB) stay in the layer',
        fix: 'end the RUN with && rm -rf /var/lib/apt/lists/*, or mount a cache there',
      };
    }
  },
};

function isAptUpdate([program = '', ...args]: readonly string[]): boolean {
  return (program === 'apt-get' || program === 'apt') && args.find((arg) => !arg.startsWith('-')) === 'update';
}
