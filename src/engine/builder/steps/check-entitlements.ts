import type { RunInstruction } from '#dockerfile/instruction.ts';
import { PermissionDeniedError } from '#lib/errors.ts';
import type { BuildRequest, Entitlement } from '../request.ts';

const WHY: Readonly<Record<Entitlement, string>> = {
  'network.host': "the step asks for the host's network (RUN --network=host)",
  'security.insecure': 'the step asks for all rights on this host (RUN --security=insecure)',
  device: 'the step asks for a device of this host (RUN --device)',
};

/** What a step may do beyond the usual must be allowed by whoever builds. @throws {PermissionDeniedError} */
export function checkEntitlements(
  { entitlements, limits }: Pick<BuildRequest, 'entitlements' | 'limits'>,
  { network, security, devices }: Pick<RunInstruction, 'network' | 'security' | 'devices'>,
): void {
  const wanted: Entitlement[] = [
    ...(network === 'host' && limits.networkMode !== 'host' ? (['network.host'] as const) : []),
    ...(security === 'insecure' ? (['security.insecure'] as const) : []),
    ...(devices.length > 0 ? (['device'] as const) : []),
  ];
  const lacking = wanted.find((name) => !entitlements.has(name));
  if (lacking === undefined) return;
  throw new PermissionDeniedError(`${lacking} is not allowed`, {
    why: WHY[lacking],
    hint: `build with --allow ${lacking}`,
  });
}
