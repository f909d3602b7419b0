import type { Mount } from '#linux/mount.ts';

/** One process in a prepared tree: a step of a build. */
export interface RunOnceRequest {
  /** Unique, `[a-z0-9-]`. */
  id: string;
  /** Mounts of a prepared snapshot. */
  rootfs: readonly Mount[];
  args: readonly string[];
  env: readonly string[];
  cwd: string;
  user: string;
  /** `none`, `host`, `bridge` or a network. */
  networkMode: string;
  extraHosts: readonly string[];
  mounts: readonly { source: string; destination: string; options: readonly string[] }[];
  shmBytes?: number;
  memoryBytes?: number;
  cpuQuota?: number;
  cpuPeriod?: number;
  cpuShares?: number;
  cpusetCpus?: string;
  ulimits?: readonly { name: string; soft: number; hard: number }[];
  hostCa: boolean;
  signal?: AbortSignal | undefined;
  onOutput(chunk: Uint8Array, stream: 'stdout' | 'stderr'): void;
}

/** Runs it to its end; nothing of it stays, also not after a cancel. */
export type RunOnce = (request: RunOnceRequest) => Promise<{ exitCode: number; oomKilled: boolean }>;
