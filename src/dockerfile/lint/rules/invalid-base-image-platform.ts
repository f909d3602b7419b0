import type { Finding } from '../finding.ts';
import type { Rule } from '../rule.ts';

const DESCRIPTION = 'the base image is for the platform that was asked for';

/** Known only when the base image is there: see `basePlatformFinding`. */
export const invalidBaseImagePlatform: Rule = {
  code: 'InvalidBaseImagePlatform',
  severity: 'warning',
  description: DESCRIPTION,
  isPublic: true,
  check: () => [],
};

/** A finding about a base image that is for another platform than the build wants; undefined if it fits. */
export function basePlatformFinding(
  { name, wanted, actual }: { name: string; wanted: string; actual: string },
  lines: Finding['lines'],
): Finding | undefined {
  if (withoutVariant(wanted) === withoutVariant(actual)) return undefined;
  return {
    code: invalidBaseImagePlatform.code,
    severity: invalidBaseImagePlatform.severity,
    description: DESCRIPTION,
    message: `base image ${name} is for ${actual}, and ${wanted} was asked for`,
    fix: 'choose an image of that platform, or set the platform with FROM --platform',
    lines,
  };
}

function withoutVariant(platform: string): string {
  return platform.split('/').slice(0, 2).join('/');
}
