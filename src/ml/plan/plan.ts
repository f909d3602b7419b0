import type { Hub } from '../python/module.ts';

/**
 * What will be done with a project, with a reason for each line. `berth plan --json` prints it as it is; other programs read it, so a field that
 * goes or changes its meaning raises `schemaVersion`.
 */
export interface ProjectPlan {
  schemaVersion: 1;
  directory: string;
  /** Two numbers, such as `3.11`. */
  python: { version: string; why: string };
  /** The file that says what is installed; `lock` is the one with exact versions, where it is used. */
  manifest: { path: string; kind: ManifestKind } | null;
  lock: { path: string; kind: string } | null;
  manager: PackageManager;
  frameworks: readonly FrameworkPlan[];
  accelerator: Accelerator;
  /** Addresses of indexes beside the user's own, such as a framework vendor's; without credentials. */
  indexes: readonly string[];
  /** Limits on versions beside those of the manifest, such as `numpy<2`. */
  constraints: readonly string[];
  base: string;
  apt: readonly string[];
  install: InstallPlan;
  start: StartPlan | null;
  port: number | null;
  health: string | null;
  /** Bytes of shared memory that the program needs beyond the usual 64 MB. */
  shmBytes: number | null;
  models: readonly ModelPlan[];
  /** Models that are fetched by name when the program starts: `from_pretrained("org/model")`. */
  hubModels: readonly HubModel[];
  training: TrainingPlan | null;
  /** Files that the app opens, that are missing, and that training writes. */
  missing: readonly { path: string; readBy: Evidence; writtenBy: Evidence; training: string }[];
  /** Requests that the service understands, as far as the code and its documentation show. */
  requests: readonly ExampleRequest[];
  /** Names of environment variables that the program reads, with those without which it does not start. */
  environment: readonly { name: string; required: boolean; evidence: Evidence }[];
  /** Credentials that the build needs as secrets (never their values): `pip.conf`, `netrc`, `HF_TOKEN`, names of variables. */
  secrets: readonly { name: string; why: string }[];
  /** What the image will hold; null where the index could not be asked. */
  size: SizePlan | null;
  /** Parts of the folder that are programs of their own; the fields above are those of the first. */
  services: readonly ServicePlan[];
  findings: readonly Finding[];
  /** What could not be known, in words. */
  unknown: readonly string[];
  decisions: readonly Decision[];
  /** Where it will run, if it was asked for: SageMaker wants an entry that understands `serve` and `train`, and root. */
  target?: PlanTarget;
}

/** Where an image will run. */
export type PlanTarget = 'local' | 'kubernetes' | 'ecs' | 'batch' | 'sagemaker';

export type ManifestKind = 'requirements' | 'pyproject' | 'pipfile' | 'conda' | 'setup' | 'cog';
export type PackageManager = 'pip' | 'uv' | 'poetry' | 'pdm' | 'pipenv' | 'conda';
export type Accelerator = 'cpu' | 'gpu' | 'rocm' | 'none';

export interface FrameworkPlan {
  name: string;
  version: string | null;
  /** Named by the manifest, brought along by a package of it, or only imported. */
  source: 'direct' | 'transitive' | 'import';
}

export interface ModelPlan {
  path: string;
  /** `pickle`, `joblib`, `torch`, `torchscript`, `safetensors`, `onnx`, `saved-model`, `keras`, `gguf`, `xgboost`, `lightgbm`, … */
  format: string;
  /** Program and version that wrote it, such as `scikit-learn 1.3.2`; null where the file does not say. */
  madeWith: string | null;
  bytes: number;
}

export interface HubModel {
  name: string;
  /** Who holds it; `spacy` ones are packages, `nltk` ones corpora. */
  hub: Hub;
  /** Branch, tag or commit, where the code names one. */
  revision: string | null;
  evidence: Evidence;
}

/** Bytes over the network, and on disk. */
export interface SizePlan {
  compressedBytes: number;
  unpackedBytes: number;
  /** The same for what the usual tutorial's Dockerfile would make; null where that differs in nothing. */
  usual: { compressedBytes: number; unpackedBytes: number } | null;
}

export interface ServicePlan {
  name: string;
  /** Relative to the folder that was read. */
  directory: string;
  plan: ProjectPlan;
}

export interface Evidence {
  file: string;
  line: number;
}

export interface Decision {
  subject: DecisionSubject;
  choice: string;
  why: string;
  evidence?: Evidence | undefined;
  /** Where the rule is from: a specification, a release note, a table, with its date. */
  source?: string | undefined;
}

export type DecisionSubject =
  | 'python'
  | 'manager'
  | 'packages'
  | 'accelerator'
  | 'index'
  | 'constraint'
  | 'base'
  | 'system'
  | 'start'
  | 'port'
  | 'health'
  | 'memory'
  | 'training'
  | 'model'
  | 'size'
  | 'layers'
  | 'context'
  | 'user';

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
  /** Variables that building the project itself needs. */
  environment?: Readonly<Record<string, string>>;
  /** Exact versions where the project gives none, as of `before` (a date): lines of a constraints file. */
  pins: readonly string[];
  before: string | null;
  /**
   * Commands in the place of `pip install`, for a manager with a lock of its own: `uv sync --frozen --no-dev --no-install-project`. Absent:
   * what the Dockerfile knows for `manager` and `lock`, else pip with `arguments`. Empty: pip, whatever lock there is; its versions are `pins`.
   */
  commands?: readonly (readonly string[])[];
  /** What these commands need, as pip installs it; it does not stay in the image: `uv==0.9.7`. */
  tools?: readonly string[];
  /**
   * All that is installed, each in its exact version (`name==1.2.3`, or an address), and dependencies are not followed: where some of them
   * must stay out, such as CUDA's libraries in an image for processors. It takes the place of `arguments`.
   */
  exact?: readonly string[];
  /** Names of those that stay out. */
  leftOut?: readonly string[];
  /**
   * Where the index of a vendor cannot be reached and its wheels of the usual index do not start without gigabytes of CUDA: distributions that Debian's
   * packages bring. Those are among `apt`; after `exact` a file `debian.pth` with the one line `path` goes into the interpreter's site-packages
   * (last, so that pip leaves alone what Debian installed).
   */
  fromDebian?: { packages: readonly string[]; distributions: readonly string[]; path: string };
  /** What the build of another package imports (torch): installed first, and the rest then with `--no-build-isolation`. */
  buildFirst?: readonly string[];
  /** Debian packages that only the installation needs: compilers and headers. They do not stay in the image. */
  buildApt?: readonly string[];
}

export interface StartPlan {
  /** Web framework, `http`, `script`, `handler` (a function that the serving runtime calls) or `model` (a bare file that it serves). */
  kind: string;
  module: string;
  command: readonly string[];
  environment: Readonly<Record<string, string>>;
  directory: string;
}

export interface TrainingPlan {
  script: string;
  command: readonly string[];
  /** Folder that it is started in, relative to the project; the top where nothing is said. */
  directory?: string;
  writes: readonly string[];
}

export interface ExampleRequest {
  method: string;
  path: string;
  /** JSON text. */
  body: string | undefined;
  source: Evidence;
}
