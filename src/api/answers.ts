/** What a client reads of the Engine API's answers; they hold more. */

export interface PortAnswer {
  IP?: string;
  PrivatePort: number;
  PublicPort?: number;
  Type: string;
}

/** One row of `GET /containers/json`. */
export interface ContainerSummary {
  Id: string;
  Names: string[] | null;
  Image: string;
  ImageID: string;
  Command: string;
  /** Seconds since epoch. */
  Created: number;
  Ports: PortAnswer[] | null;
  Labels: Record<string, string> | null;
  State: string;
  Status: string;
  SizeRw?: number;
  SizeRootFs?: number;
  Mounts?: { Type?: string; Name?: string; Source?: string; Destination?: string }[] | null;
  NetworkSettings?: { Networks?: Record<string, unknown> | null } | null;
}

export type PortBindings = Record<string, { HostIp?: string; HostPort?: string }[] | null>;

/** `GET /containers/{id}/json`. */
export interface ContainerDetails {
  Id: string;
  Name: string;
  Created: string;
  Image: string;
  State: {
    Status: string;
    Running: boolean;
    Paused: boolean;
    Pid: number;
    ExitCode: number;
    Error: string;
    OOMKilled?: boolean;
    StartedAt: string;
    FinishedAt: string;
    Health?: { Status: string; Log?: { Output: string }[] | null };
  };
  Config: {
    Image: string;
    Tty: boolean;
    User?: string;
    OpenStdin: boolean;
    Labels?: Record<string, string> | null;
    Env?: string[] | null;
    Cmd?: string[] | null;
  };
  HostConfig: { AutoRemove?: boolean; NetworkMode?: string; Memory?: number };
  Mounts?: { Type: string; Source: string; Destination: string; RW: boolean }[] | null;
  NetworkSettings: {
    IPAddress?: string;
    Ports?: PortBindings | null;
    Networks?: Record<string, { IPAddress?: string; NetworkID?: string }> | null;
  };
}

/** One row of `GET /images/json`. */
export interface ImageSummary {
  Id: string;
  RepoTags: string[] | null;
  RepoDigests: string[] | null;
  /** Seconds since epoch. */
  Created: number;
  /** Bytes. */
  Size: number;
  Labels: Record<string, string> | null;
  Containers: number;
}

/** `GET /images/{name}/json`. */
export interface ImageDetails {
  Id: string;
  RepoTags?: string[] | null;
  RepoDigests?: string[] | null;
  Created?: string;
  Size: number;
  Architecture: string;
  Os: string;
  Config?: {
    Env?: string[] | null;
    Cmd?: string[] | null;
    Entrypoint?: string[] | null;
    ExposedPorts?: Record<string, object> | null;
    Labels?: Record<string, string> | null;
    WorkingDir?: string;
    User?: string;
  } | null;
}

export interface HistoryEntry {
  Id: string;
  /** Seconds since epoch. */
  Created: number;
  CreatedBy: string;
  Size: number;
  Comment: string;
  Tags: string[] | null;
}

export interface NetworkAnswer {
  Id: string;
  Name: string;
  Driver: string;
  Scope: string;
  Created: string;
  Internal?: boolean;
  EnableIPv6?: boolean;
  Labels?: Record<string, string> | null;
  IPAM?: { Config?: { Subnet?: string; Gateway?: string }[] | null } | null;
  Containers?: Record<string, { Name: string; IPv4Address?: string }> | null;
}

export interface VolumeAnswer {
  Name: string;
  Driver: string;
  Mountpoint: string;
  Scope: string;
  CreatedAt?: string;
  Labels?: Record<string, string> | null;
  Options?: Record<string, string> | null;
  UsageData?: { Size: number; RefCount: number } | null;
}

/** One line of `GET /events`. */
export interface EventAnswer {
  Type: string;
  Action: string;
  Actor: { ID: string; Attributes?: Record<string, string> | null };
  /** Seconds since epoch. */
  time: number;
  timeNano: number;
}

/** One object of `GET /containers/{id}/stats`. */
export interface StatsAnswer {
  id?: string;
  name?: string;
  read: string;
  cpu_stats?: { cpu_usage?: { total_usage?: number }; system_cpu_usage?: number; online_cpus?: number };
  precpu_stats?: { cpu_usage?: { total_usage?: number }; system_cpu_usage?: number };
  memory_stats?: { usage?: number; limit?: number; max_usage?: number; stats?: Record<string, number> };
  networks?: Record<string, { rx_bytes?: number; tx_bytes?: number }>;
  blkio_stats?: { io_service_bytes_recursive?: { op: string; value: number }[] | null };
  pids_stats?: { current?: number };
}

/** `GET /version`. */
export interface VersionAnswer {
  Version: string;
  ApiVersion: string;
  MinAPIVersion?: string;
  GitCommit?: string;
  Os: string;
  Arch: string;
  KernelVersion?: string;
  Platform?: { Name?: string };
  Components?: { Name: string; Version: string; Details?: Record<string, string> | null }[] | null;
}

/** `GET /system/df`. */
export interface DiskUsageAnswer {
  LayersSize?: number;
  Images?: (ImageSummary & { SharedSize?: number })[] | null;
  Containers?: ContainerSummary[] | null;
  Volumes?: VolumeAnswer[] | null;
  BuildCache?: { ID: string; Size: number; InUse: boolean; Shared: boolean }[] | null;
}

export interface PruneAnswer {
  ContainersDeleted?: string[] | null;
  ImagesDeleted?: { Untagged?: string; Deleted?: string }[] | null;
  VolumesDeleted?: string[] | null;
  NetworksDeleted?: string[] | null;
  CachesDeleted?: string[] | null;
  SpaceReclaimed?: number;
}
