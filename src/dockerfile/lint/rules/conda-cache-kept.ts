import type { Rule } from '../rule.ts';
import { isMounted, removes, type RunView, runsOf } from '../run-views.ts';

const CONDA = /^(?:conda|mamba|micromamba)$/;

/** Packages of conda that stay in the layer packed, beside what was installed of them. */
export const condaCacheKept: Rule = {
  code: 'CondaCacheKept',
  severity: 'warning',
  description: 'the packages that conda downloads are no part of an image',
  isPublic: false,
  *check({ stages, facts }) {
    if (facts.hasImplicitCaches === true) return;
    for (const run of runsOf({ stages: stages.filter(({ isInResult }) => isInResult) })) {
      const program = run.commands.find(({ words }) => installs(words))?.words[0];
      const isCleaned = run.commands.some(({ words: [name = '', verb] }) => CONDA.test(name) && verb === 'clean');
      if (program === undefined || isCleaned || hasCache(run) || removes(run, /pkgs/)) continue;
      yield {
        node: run.instruction.node,
        piece: program,
        message: `what ${program} downloads stays in the layer, beside what it installs`,
        fix: `end the RUN with && ${program} clean -afy, or mount a cache at /opt/conda/pkgs`,
      };
    }
  },
};

function installs([program = '', ...args]: readonly string[]): boolean {
  if (!CONDA.test(program)) return false;
  const [verb, second] = args.filter((arg) => !arg.startsWith('-'));
  return (
    ['install', 'create', 'update'].includes(verb ?? '') ||
    (verb === 'env' && ['create', 'update'].includes(second ?? ''))
  );
}

function hasCache(run: RunView): boolean {
  return (
    run.mounts.some(({ type, target }) => type === 'cache' && /pkgs\/?$/.test(target)) ||
    isMounted(run, '/opt/conda/pkgs')
  );
}
