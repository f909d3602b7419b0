import { compileIgnore } from '../../ignore.ts';
import { isWholeContextCopy } from '../context-copy.ts';
import { formatBytes } from '../format-bytes.ts';
import { isWeightsFile } from '../notable-files.ts';
import type { Rule } from '../rule.ts';

const LARGE_BYTES = 100 * 1024 * 1024;

/** Weights that travel with the code: they are read for every build and copied with every change. */
export const weightsInContext: Rule = {
  code: 'WeightsInContext',
  severity: 'warning',
  description: 'weights of models are not copied together with the code',
  isPublic: false,
  needs: 'context',
  *check({ stages, facts: { files = [] } }) {
    const large = files.filter(({ path, bytes }) => bytes >= LARGE_BYTES && isWeightsFile(path));
    if (large.length === 0) return;
    for (const { steps } of stages)
      for (const { instruction } of steps) {
        if (!isWholeContextCopy(instruction)) continue;
        const excluded = compileIgnore(instruction.exclude);
        const taken = large.filter(({ path }) => !excluded.excludes(path)).toSorted((a, b) => b.bytes - a.bytes);
        const [largest, ...others] = taken;
        if (largest === undefined) continue;
        const total = taken.reduce((sum, { bytes }) => sum + bytes, 0);
        const more = others.length === 0 ? '' : ` and ${others.length} more`;
        yield {
          node: instruction.node,
          message: `${formatBytes(total)} of weights are copied with the code: ${largest.path}${more}`,
          fix: `copy them by a COPY of their own above, and put ${largest.path} into .dockerignore or --exclude`,
        };
      }
  },
};
