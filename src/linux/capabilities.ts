import { readFileSync } from 'node:fs';
import { parseStatus } from './proc.ts';

/** Names by bit (linux/capability.h). */
export const CAPABILITIES = [
  'CAP_CHOWN', 'CAP_DAC_OVERRIDE', 'CAP_DAC_READ_SEARCH', 'CAP_FOWNER', 'CAP_FSETID', 'CAP_KILL', 'CAP_SETGID', 'CAP_SETUID',
  'CAP_SETPCAP', 'CAP_LINUX_IMMUTABLE', 'CAP_NET_BIND_SERVICE', 'CAP_NET_BROADCAST', 'CAP_NET_ADMIN', 'CAP_NET_RAW', 'CAP_IPC_LOCK',
  'CAP_IPC_OWNER', 'CAP_SYS_MODULE', 'CAP_SYS_RAWIO', 'CAP_SYS_CHROOT', 'CAP_SYS_PTRACE', 'CAP_SYS_PACCT', 'CAP_SYS_ADMIN',
  'CAP_SYS_BOOT', 'CAP_SYS_NICE', 'CAP_SYS_RESOURCE', 'CAP_SYS_TIME', 'CAP_SYS_TTY_CONFIG', 'CAP_MKNOD', 'CAP_LEASE',
  'CAP_AUDIT_WRITE', 'CAP_AUDIT_CONTROL', 'CAP_SETFCAP', 'CAP_MAC_OVERRIDE', 'CAP_MAC_ADMIN', 'CAP_SYSLOG', 'CAP_WAKE_ALARM',
  'CAP_BLOCK_SUSPEND', 'CAP_AUDIT_READ', 'CAP_PERFMON', 'CAP_BPF', 'CAP_CHECKPOINT_RESTORE',
] as const; // prettier-ignore

export type Capability = (typeof CAPABILITIES)[number];

export interface CapabilitySets {
  effective: ReadonlySet<Capability>;
  permitted: ReadonlySet<Capability>;
  bounding: ReadonlySet<Capability>;
}

/** The sets of a process, of /proc/PID/status. */
export function parseCapabilities(status: string): CapabilitySets {
  const fields = parseStatus(status);
  const set = (name: string): Set<Capability> => namesOf(BigInt(`0x${fields.get(name) ?? '0'}`));
  return { effective: set('CapEff'), permitted: set('CapPrm'), bounding: set('CapBnd') };
}

/** The sets of this process. */
export function ownCapabilities(): CapabilitySets {
  return parseCapabilities(readFileSync('/proc/self/status', 'utf8'));
}

/** What this process can hand on: in its bounding and its permitted set. */
export function grantable({ bounding, permitted }: CapabilitySets): ReadonlySet<Capability> {
  return bounding.intersection(permitted);
}

/** Whether the text is the name of a capability, in the form `CAP_X`. */
export function isCapability(text: string): text is Capability {
  return (CAPABILITIES as readonly string[]).includes(text);
}

function namesOf(mask: bigint): Set<Capability> {
  return new Set(CAPABILITIES.filter((_, bit) => (mask & (1n << BigInt(bit))) !== 0n));
}
