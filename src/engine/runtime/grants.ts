import { InvalidArgumentError } from '#lib/errors.ts';
import type { CapabilitySets, Rlimit } from '#oci/runtime-spec.ts';
import { CAPABILITIES, isCapability } from '#linux/capabilities.ts';
import type { Host } from './host.ts';

const DEFAULT_CAPABILITIES: readonly string[] = [
  'CAP_CHOWN', 'CAP_DAC_OVERRIDE', 'CAP_FSETID', 'CAP_FOWNER', 'CAP_MKNOD', 'CAP_NET_RAW', 'CAP_SETGID', 'CAP_SETUID', 'CAP_SETFCAP',
  'CAP_SETPCAP', 'CAP_NET_BIND_SERVICE', 'CAP_SYS_CHROOT', 'CAP_KILL', 'CAP_AUDIT_WRITE',
]; // prettier-ignore

/** What was asked for against what the host allows: the value to apply, and a line for each cut. */
export interface Granted<T> {
  value: T;
  warnings: string[];
}

/** Capabilities by their full names, of `--cap-add`, `--cap-drop` and `--privileged`. */
export function grantCapabilities(
  { add, drop, privileged }: { add: readonly string[]; drop: readonly string[]; privileged: boolean },
  host: Host,
): Granted<string[]> {
  const added = add.map(capabilityName);
  const dropped = drop.map(capabilityName);
  const everything = privileged || added.includes('ALL');
  const start = everything ? CAPABILITIES : dropped.includes('ALL') ? [] : DEFAULT_CAPABILITIES;
  const asked = new Set<string>([...start, ...added.filter((name) => name !== 'ALL')]);
  for (const name of privileged ? [] : dropped) if (!added.includes(name) || name !== 'ALL') asked.delete(name);
  const value = [...asked].filter((name) => host.capabilities.has(name));
  const lacking = added.filter((name) => name !== 'ALL' && !host.capabilities.has(name));
  return {
    value,
    warnings: lacking.map(
      (name) =>
        `capability ${name} left out: the engine does not hold it on this host; run the engine with it to grant it`,
    ),
  };
}

/** @throws {InvalidArgumentError} for a name the kernel does not know */
export function capabilityName(text: string): string {
  const upper = text.toUpperCase();
  if (upper === 'ALL' || upper === 'CAP_ALL') return 'ALL';
  const name = upper.startsWith('CAP_') ? upper : `CAP_${upper}`;
  if (!isCapability(name)) throw new InvalidArgumentError(`invalid capability: unknown capability: "${text}"`);
  return name;
}

/** Inheritable and ambient stay empty (CVE-2022-24769); another user than root starts with none in effect. */
export function capabilitySets(names: readonly string[], uid: number): CapabilitySets {
  const own = uid === 0 ? [...names] : [];
  return { bounding: [...names], permitted: own, effective: [...own], inheritable: [], ambient: [] };
}

export interface Ulimit {
  name: string;
  soft: number;
  hard: number;
}

const RLIMITS: ReadonlySet<string> = new Set([
  'as', 'core', 'cpu', 'data', 'fsize', 'locks', 'memlock', 'msgqueue', 'nice', 'nofile', 'nproc', 'rss', 'rtprio', 'rttime',
  'sigpending', 'stack',
]); // prettier-ignore

/** Without a limit is Infinity, which `spec-json.ts` writes. @throws {InvalidArgumentError} for an unknown name, or a soft limit above the hard one */
export function grantUlimits(ulimits: readonly Ulimit[], host: Host): Granted<Rlimit[]> {
  const warnings: string[] = [];
  const value = ulimits.map(({ name, soft, hard }): Rlimit => {
    const lower = name.toLowerCase();
    if (!RLIMITS.has(lower)) throw new InvalidArgumentError(`invalid ulimit type: ${name}`);
    if (hard !== -1 && (soft > hard || soft === -1))
      throw new InvalidArgumentError(`ulimit soft limit must be less than or equal to hard limit: ${soft} > ${hard}`);
    const own = host.canRaiseLimits ? Number.POSITIVE_INFINITY : (host.limits.get(lower)?.hard ?? Infinity);
    const asked = { soft: soft < 0 ? Infinity : soft, hard: hard < 0 ? Infinity : hard };
    const cut = { soft: Math.min(asked.soft, own), hard: Math.min(asked.hard, own) };
    if (cut.hard !== asked.hard || cut.soft !== asked.soft)
      warnings.push(
        `ulimit ${lower} ${hard < 0 ? 'unlimited' : hard} lowered to ${own}: this host's hard limit; raise it for the engine or grant it CAP_SYS_RESOURCE`,
      );
    return { type: `RLIMIT_${lower.toUpperCase()}`, soft: cut.soft, hard: cut.hard };
  });
  return { value, warnings };
}

/** A score below the engine's own takes a capability that it may lack. */
export function grantOomScore(asked: number, host: Host): Granted<number> {
  if (host.canRaiseLimits || asked >= host.oomScoreAdj) return { value: asked, warnings: [] };
  const warnings =
    asked === 0
      ? []
      : [
          `oom score ${asked} raised to ${host.oomScoreAdj}: the engine's own, below which it may not go without CAP_SYS_RESOURCE`,
        ];
  return { value: host.oomScoreAdj, warnings };
}
