/** What every RUN of a build is given. */
export interface RunLimits {
  /** `none`, `host`, `bridge` or a network. */
  networkMode: string;
  extraHosts: readonly string[];
  /** Host name of the steps; one of their own if undefined. */
  hostname?: string;
  shmBytes?: number;
  memoryBytes?: number;
  /** Memory and swap together; -1 for any. */
  memorySwapBytes?: number;
  cpuQuota?: number;
  cpuPeriod?: number;
  cpuShares?: number;
  cpusetCpus?: string;
  cpusetMems?: string;
  /** Control group to be below, of the host; the engine's own if undefined. */
  cgroupParent?: string;
  ulimits?: readonly { name: string; soft: number; hard: number }[];
}
