import type { RegistryAuth } from '#api/auth-header.ts';
import type { Platform } from '#oci/platform.ts';

/** What somebody wants built. */
export interface BuildRequest {
  /** Tar of the context, in any compression. */
  context: AsyncIterable<Uint8Array>;
  /** Path of the Dockerfile in the context. */
  dockerfile: string;
  /** Familiar names for the result. */
  tags: readonly string[];
  buildArgs: ReadonlyMap<string, string>;
  labels: ReadonlyMap<string, string>;
  /** Name or index of the stage to end with; the last one if empty. */
  target: string;
  /** Run every step again. */
  noCache: boolean;
  /** Ask the registry also for base images that are here. */
  pull: boolean;
  platform: Platform | undefined;
  /** Whether steps trust the authorities that this host trusts beyond the usual ones. */
  hostCa: boolean;
  limits: RunLimits;
  /** Credentials for base images, by registry. */
  credentials: Readonly<Record<string, RegistryAuth>>;
  /** What was asked for and is not honoured, as people write it. */
  ignored: readonly string[];
  signal: AbortSignal;
}

/** What every RUN is given. */
export interface RunLimits {
  networkMode: string;
  extraHosts: readonly string[];
  shmBytes?: number;
  memoryBytes?: number;
  cpuQuota?: number;
  cpuPeriod?: number;
  cpuShares?: number;
  cpusetCpus?: string;
  ulimits?: readonly { name: string; soft: number; hard: number }[];
}
