/** What will be done with a project, with a reason for each line. `berth plan --json` prints it as it is. */
export interface ProjectPlan {
  schemaVersion: 1;
  directory: string;
  python: { version: string; why: string };
  manifest: { path: string; kind: string } | null;
  manager: 'pip';
  frameworks: readonly { name: string; version: string | null; source: 'direct' | 'transitive' | 'import' }[];
  accelerator: 'cpu';
  base: string;
  apt: readonly string[];
  install: InstallPlan;
  start: StartPlan | null;
  port: number | null;
  health: string | null;
  training: TrainingPlan | null;
  /** Files that the app opens, that are missing, and that training writes. */
  missing: readonly { path: string; readBy: Evidence; writtenBy: Evidence; training: string }[];
  /** Requests that the service understands, as far as the code and its documentation show. */
  requests: readonly ExampleRequest[];
  findings: readonly Finding[];
  unknown: readonly string[];
  decisions: readonly Decision[];
}

export interface Evidence {
  file: string;
  line: number;
}

export interface Decision {
  subject: 'python' | 'base' | 'packages' | 'system' | 'start' | 'port' | 'training' | 'model';
  choice: string;
  why: string;
  evidence?: Evidence | undefined;
}

export interface Finding {
  code: string;
  severity: 'error' | 'warning' | 'note';
  message: string;
  file: string | null;
  line: number | null;
  fix: string | null;
}

export interface InstallPlan {
  /** Files to copy before the packages are installed; more than these and each change of code installs anew. */
  files: readonly string[];
  /** Arguments of `pip install`. */
  arguments: readonly string[];
  needsProject: boolean;
}

export interface StartPlan {
  kind: string;
  module: string;
  command: readonly string[];
  environment: Readonly<Record<string, string>>;
  directory: string;
}

export interface TrainingPlan {
  script: string;
  command: readonly string[];
  writes: readonly string[];
}

export interface ExampleRequest {
  method: string;
  path: string;
  /** JSON text. */
  body: string | undefined;
  source: Evidence;
}
