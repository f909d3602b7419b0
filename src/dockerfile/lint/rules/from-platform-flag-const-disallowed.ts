import { referencedNames } from '../../global-args.ts';
import type { Rule } from '../rule.ts';

/** A fixed platform builds the same for every platform that is asked for. */
export const fromPlatformFlagConstDisallowed: Rule = {
  code: 'FromPlatformFlagConstDisallowed',
  severity: 'warning',
  description: 'FROM --platform is not a fixed platform',
  isPublic: true,
  *check({ all, program }) {
    for (const { stage } of all) {
      const { platform, node } = stage.from;
      if (platform === undefined || referencedNames(platform, program.directives.escape).length > 0) continue;
      const [os = '', architecture] = platform.split('/');
      // A stage that says its platform in its name means it.
      const written = node.args[2]?.toLowerCase() ?? '';
      if ([os, architecture ?? os].some((part) => part !== '' && written.includes(part))) continue;
      yield {
        node,
        piece: `--platform=${platform}`,
        message: `this stage is for ${platform}, whatever platform is built for`,
        fix: 'use $BUILDPLATFORM, or leave it to docker build --platform',
      };
    }
  },
};
