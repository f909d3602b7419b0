import type { SeccompRule, SeccompSpec } from '#oci/runtime-spec.ts';
import { ALWAYS_ALLOWED, ARCHITECTURES, CONDITIONAL, type ConditionalRule } from './seccomp-profile.ts';

/** The default profile for a container that holds `capabilities` on a machine (`x86_64`, `aarch64`, …). */
export function defaultSeccomp(capabilities: readonly string[], machine: string): SeccompSpec {
  const applies = ({ capability, withoutCapability, machines }: ConditionalRule): boolean =>
    (capability === undefined || capabilities.includes(capability)) &&
    (withoutCapability === undefined || !capabilities.includes(withoutCapability)) &&
    (machines === undefined || machines.includes(machine));
  return {
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: 1,
    architectures: [...(ARCHITECTURES[machine] ?? [])],
    syscalls: [{ names: [...ALWAYS_ALLOWED], action: 'SCMP_ACT_ALLOW' }, ...CONDITIONAL.filter(applies).map(toRule)],
  };
}

function toRule({ names, args, errno }: ConditionalRule): SeccompRule {
  return {
    names: [...names],
    ...(errno === undefined ? { action: 'SCMP_ACT_ALLOW' } : { action: 'SCMP_ACT_ERRNO', errnoRet: errno }),
    ...(args === undefined ? {} : { args: args.map((arg) => ({ ...arg })) }),
  };
}

interface ProfileRule {
  name?: string;
  names?: string[];
  action?: string;
  errnoRet?: number;
  args?: { index: number; value: number; valueTwo?: number; op: string }[] | null;
  includes?: { caps?: string[]; arches?: string[]; minKernel?: string };
  excludes?: { caps?: string[]; arches?: string[] };
}

interface Profile {
  defaultAction?: string;
  defaultErrnoRet?: number;
  architectures?: string[];
  archMap?: { architecture: string; subArchitectures?: string[] }[];
  syscalls?: ProfileRule[];
}

/** A profile in Docker's JSON form, given with `--security-opt seccomp=…`, resolved for this container. */
export function customSeccomp(profile: unknown, capabilities: readonly string[], machine: string): SeccompSpec {
  const { defaultAction = 'SCMP_ACT_ERRNO', defaultErrnoRet, architectures, archMap, syscalls } = profile as Profile;
  const own = ARCHITECTURES[machine] ?? [];
  const mapped = archMap?.find(({ architecture }) => architecture === own[0]);
  const arch = machine === 'x86_64' ? 'amd64' : machine === 'aarch64' ? 'arm64' : machine;
  const holds = (caps: string[] | undefined): boolean =>
    caps !== undefined && caps.some((name) => capabilities.includes(name));
  const applies = ({ includes, excludes }: ProfileRule): boolean =>
    (includes?.caps === undefined || includes.caps.length === 0 || holds(includes.caps)) &&
    (includes?.arches === undefined || includes.arches.length === 0 || includes.arches.includes(arch)) &&
    !holds(excludes?.caps) &&
    excludes?.arches?.includes(arch) !== true;
  return {
    defaultAction,
    ...(defaultErrnoRet === undefined ? {} : { defaultErrnoRet }),
    architectures:
      mapped === undefined ? [...(architectures ?? own)] : [mapped.architecture, ...(mapped.subArchitectures ?? [])],
    syscalls: (syscalls ?? []).filter(applies).map(({ name, names, action, errnoRet, args }) => ({
      names: names ?? (name === undefined ? [] : [name]),
      action: action ?? 'SCMP_ACT_ALLOW',
      ...(errnoRet === undefined ? {} : { errnoRet }),
      ...(args === undefined || args === null || args.length === 0 ? {} : { args }),
    })),
  };
}
