import type { ContainerConfig } from '#api/container-config.ts';
import type { EndpointConfig } from '#api/endpoint-config.ts';
import type { HostConfig } from '#api/host-config.ts';
import type { Digest } from '#oci/digest.ts';

/** A container as it is kept: what it shall be, and how it is. */
export interface ContainerRecord {
  /** 64 hexadecimal characters. */
  id: string;
  name: string;
  /** Milliseconds since epoch. */
  created: number;
  /** Config digest of its image; `config.image` is the name it was asked for by. */
  image: Digest;
  /** Merged with the image's defaults. */
  config: ContainerConfig;
  hostConfig: HostConfig;
  /** By network name. */
  endpoints: Readonly<Record<string, EndpointConfig>>;
  mounts: readonly MountPoint[];
  /** The command: entrypoint and arguments in one. */
  command: readonly string[];
  /** Whether a bundle of the host's certificate authorities is put in. */
  hostCa: boolean;
  state: ContainerState;
  /** Of the running process. */
  task?: { pid: number; conmonPid: number; startTicks: string } | undefined;
  restartCount: number;
  /** Stopped by hand: `unless-stopped` does not start it again. */
  manuallyStopped: boolean;
  health?: Health | undefined;
}

export type Status = 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead';

export interface ContainerState {
  status: Status;
  exitCode: number;
  error: string;
  oomKilled: boolean;
  /** Milliseconds since epoch; 0 = never. */
  startedAt: number;
  finishedAt: number;
}

export interface Health {
  status: 'starting' | 'healthy' | 'unhealthy';
  failingStreak: number;
  /** The last five. */
  log: readonly { start: number; end: number; exitCode: number; output: string }[];
}

/** A mount, resolved at creation. */
export interface MountPoint {
  type: 'bind' | 'volume' | 'tmpfs';
  /** Of a volume. */
  name?: string;
  /** On the host; empty for tmpfs. */
  source: string;
  destination: string;
  driver?: string;
  /** Options as they were given. */
  mode: string;
  writable: boolean;
  propagation: string;
  /** Bind: make a missing source a folder. */
  createSource?: boolean;
  nonRecursive?: boolean;
  /** Bind: what is mounted below it stays writable. */
  readOnlyHere?: boolean;
  /** Volume: made for this container alone, removed with it on request. */
  anonymous?: boolean;
  /** Volume: do not fill it with what the image has there. */
  noCopy?: boolean;
  /** Folder of the volume. */
  subpath?: string;
  /** Tmpfs: options of the mount. */
  options?: readonly string[];
}

/** Whether it has a process, frozen or not. */
export function isRunning({ state }: ContainerRecord): boolean {
  return state.status === 'running' || state.status === 'paused';
}

export const NEVER_STARTED: ContainerState = {
  status: 'created',
  exitCode: 0,
  error: '',
  oomKilled: false,
  startedAt: 0,
  finishedAt: 0,
};
