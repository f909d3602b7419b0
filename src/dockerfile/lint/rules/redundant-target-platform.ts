import { referencedNames } from '../../global-args.ts';
import type { Rule } from '../rule.ts';

/** The target's platform is what FROM takes anyway. */
export const redundantTargetPlatform: Rule = {
  code: 'RedundantTargetPlatform',
  severity: 'warning',
  description: 'FROM is not told $TARGETPLATFORM, which it takes anyway',
  isPublic: true,
  *check({ all, program }) {
    for (const { stage } of all) {
      const { platform, node } = stage.from;
      if (platform === undefined || !/^\$(?:TARGETPLATFORM|\{TARGETPLATFORM\})$/.test(platform)) continue;
      if (referencedNames(platform, program.directives.escape).length !== 1) continue;
      const piece = `--platform=${platform}`;
      yield { node, piece, message: `${piece} changes nothing`, fix: 'remove it' };
    }
  },
};
