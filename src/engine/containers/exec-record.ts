import type { Streams } from '#engine/stdio/streams.ts';

/** A further process of a container; remembered by this engine process only, as in Docker. */
export interface Exec {
  id: string;
  containerId: string;
  command: readonly string[];
  env: readonly string[];
  user: string;
  workingDir: string;
  privileged: boolean;
  tty: boolean;
  attachStdin: boolean;
  attachStdout: boolean;
  attachStderr: boolean;
  detachKeys: string;
  consoleSize: readonly [height: number, width: number] | undefined;
  state: 'created' | 'running' | 'exited';
  pid: number;
  /** Undefined until it ended. */
  exitCode: number | undefined;
  streams: Streams;
  /** Milliseconds since epoch at which it ended. */
  endedAt: number;
}
