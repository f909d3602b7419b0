import { pythonInstallOf } from '../python-install.ts';
import type { Rule } from '../rule.ts';
import { isMounted, removes, type RunView, runsOf } from '../run-views.ts';

const FALSE = ['', '0', 'false', 'no', 'off', 'n', 'f'];

/** Downloaded wheels that stay in the layer beside what was installed of them. */
export const pipCacheKept: Rule = {
  code: 'PipCacheKept',
  severity: 'warning',
  description: 'the cache of pip and uv is no part of an image',
  isPublic: false,
  *check({ stages, facts }) {
    if (facts.hasImplicitCaches === true) return;
    for (const run of runsOf({ stages: stages.filter(({ isInResult }) => isInResult) })) {
      const tool = run.commands
        .map(pythonInstallOf)
        .find((install) => install !== undefined && !install.hasNoCache && !isTurnedOff(run, install.tool))?.tool;
      if (tool === undefined) continue;
      yield {
        node: run.instruction.node,
        piece: `${tool} `,
        message: `what ${tool} downloads stays in the layer, beside what it installs`,
        fix: `use RUN --mount=type=cache,target=/root/.cache/${tool}, or ${tool === 'pip' ? '--no-cache-dir' : '--no-cache'}`,
      };
    }
  },
};

function isTurnedOff(run: RunView, tool: 'pip' | 'uv'): boolean {
  const name = tool === 'pip' ? 'PIP_NO_CACHE_DIR' : 'UV_NO_CACHE';
  const folder = run.scope.variables().get(tool === 'pip' ? 'PIP_CACHE_DIR' : 'UV_CACHE_DIR');
  const own = run.commands.map(({ assignments }) => assignments.get(name)).find((value) => value !== undefined);
  const value = own ?? run.scope.variables().get(name);
  // In images that are not here yet the variable may be set: what is not known is not told.
  if (value !== undefined) return tool === 'pip' || !FALSE.includes(value.toLowerCase());
  const places = [`/root/.cache/${tool}`, ...(folder === undefined ? [] : [folder])];
  const user = run.mounts.some(({ type, target }) => type === 'cache' && /\/\.cache(?:\/(?:pip|uv))?\/?$/.test(target));
  return user || places.some((place) => isMounted(run, place)) || removes(run, /\.cache|pip|uv/) || purges(run);
}

function purges({ commands }: RunView): boolean {
  return commands.some(
    ({ words }) => words.join(' ').startsWith('pip cache purge') || /^uv cache (?:clean|prune)/.test(words.join(' ')),
  );
}
