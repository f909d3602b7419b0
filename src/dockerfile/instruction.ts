import type { Heredoc } from './heredoc.ts';
import type { Node } from './parse.ts';

interface Base {
  /** What it was read from. */
  node: Node;
}

/** A command as it is written: words of the JSON form, or one text for the shell. */
export interface Command {
  form: 'exec' | 'shell';
  args: string[];
}

export interface FromInstruction extends Base {
  kind: 'from';
  base: string;
  platform: string | undefined;
  /** Lower case. */
  name: string | undefined;
}

export interface ArgInstruction extends Base {
  kind: 'arg';
  args: { name: string; value: string | undefined }[];
}

export interface PairsInstruction extends Base {
  kind: 'env' | 'label';
  pairs: { name: string; value: string }[];
}

export interface RunInstruction extends Base {
  kind: 'run';
  command: Command;
  /** As written: `type=cache,target=/root/.cache`. */
  mounts: string[];
  network: 'default' | 'none' | 'host';
  security: 'sandbox' | 'insecure';
  devices: string[];
  heredocs: Heredoc[];
}

export interface CopyInstruction extends Base {
  kind: 'copy' | 'add';
  sources: string[];
  target: string;
  /** Stage, index of a stage, or image. */
  from: string | undefined;
  chown: string | undefined;
  chmod: string | undefined;
  link: boolean;
  parents: boolean;
  exclude: string[];
  checksum: string | undefined;
  keepGitDir: boolean;
  unpack: boolean | undefined;
  heredocs: Heredoc[];
}

export interface CommandInstruction extends Base {
  kind: 'cmd' | 'entrypoint';
  command: Command;
}

export interface HealthcheckInstruction extends Base {
  kind: 'healthcheck';
  /** `none` takes the base image's check away. */
  command: Command | 'none';
  /** Nanoseconds. */
  interval: number | undefined;
  timeout: number | undefined;
  startPeriod: number | undefined;
  startInterval: number | undefined;
  retries: number | undefined;
}

/** Instructions that carry a list of words. */
export interface ListInstruction extends Base {
  kind: 'expose' | 'volume' | 'shell';
  values: string[];
}

/** Instructions that carry one text. */
export interface TextInstruction extends Base {
  kind: 'user' | 'workdir' | 'stopsignal' | 'maintainer' | 'onbuild';
  value: string;
}

export type StageInstruction =
  | ArgInstruction
  | PairsInstruction
  | RunInstruction
  | CopyInstruction
  | CommandInstruction
  | HealthcheckInstruction
  | ListInstruction
  | TextInstruction;

export type Instruction = FromInstruction | StageInstruction;
