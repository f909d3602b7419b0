import type { Rule } from '../rule.ts';
import { isMounted, type RunView, runsOfStage } from '../run-views.ts';

/** Lists of an older day, out of the cache, name packages that are gone. */
export const aptUpdateAlone: Rule = {
  code: 'AptUpdateAlone',
  severity: 'warning',
  description: 'apt-get update and apt-get install are one RUN',
  isPublic: false,
  *check({ stages }) {
    for (const stage of stages) {
      const runs = runsOfStage(stage);
      for (const [index, run] of runs.entries()) {
        if (!aptVerbs(run).includes('update') || aptVerbs(run).includes('install')) continue;
        if (isMounted(run, '/var/lib/apt/lists')) continue;
        const user = runs.slice(index + 1).find((later) => aptVerbs(later).includes('install'));
        if (user === undefined || aptVerbs(user).includes('update')) continue;
        yield {
          node: run.instruction.node,
          piece: 'update',
          message: `line ${user.instruction.node.line} installs by lists that stay in the cache and grow old`,
          fix: 'put apt-get update && apt-get install into one RUN',
        };
      }
    }
  },
};

function aptVerbs({ commands }: RunView): string[] {
  return commands.flatMap(({ words: [program = '', ...args] }) => {
    const verb = program === 'apt-get' || program === 'apt' ? args.find((arg) => !arg.startsWith('-')) : undefined;
    return verb === undefined ? [] : [verb];
  });
}
