import type { Evidence, Finding, ManifestKind, PackageManager } from '../../plan/plan.ts';
import type { Requirement } from '../requirements.ts';

/** Where a project says what it needs. */
export interface Manifest {
  kind: ManifestKind;
  path: string;
  manager: PackageManager;
  /** What is installed to run the project. Those whose markers exclude Linux are left out; other markers are kept. */
  requirements: readonly Requirement[];
  /** Limits on versions of what others bring (`-c`, `constraint-dependencies`, overrides). */
  constraints: readonly Requirement[];
  /** Requirements that are installed only where they are asked for, by extra or group: `dev`, `serve`, `gpu`. */
  optional: ReadonlyMap<string, readonly Requirement[]>;
  /** Names of those that are extras of the project; the others are groups. */
  extras: ReadonlySet<string>;
  /** Extras and groups whose requirements are among those above, since they are what a service needs. */
  included: readonly string[];
  lock: Lock | undefined;
  index: IndexOptions;
  /** Secrets that the manifest holds or asks for; never their values. */
  credentials: readonly CredentialUse[];
  /** Folders and files of the project that are installed as packages: `-e .`, `./lib`, the project itself. */
  projects: readonly LocalProject[];
  /** Files that must be there to install from it. */
  files: readonly string[];
  /** What it installs of the project cannot be listed, so the code has to be there before anything is installed. */
  needsProject: boolean;
  /** What the manifest says of Python, such as `>=3.10`. */
  requiresPython: PythonRange | undefined;
  /** Pythons that its classifiers name. */
  classifiedPythons: { versions: readonly string[]; file: string; line: number } | undefined;
  /** True if pip reads the file as it is; otherwise the requirements are written out. */
  readByPip: boolean;
  /** Debian packages that it names. */
  systemPackages: readonly SystemPackage[];
  /** What shows that it is meant for a GPU: CUDA packages of conda, `gpu: true`. */
  gpu: (Evidence & { what: string }) | undefined;
  /** Programs that installing the project makes: `name` → `package.module:function`. */
  scripts: readonly { name: string; target: string; file: string; line: number }[];
  /** What starts the program, by the manifest's own words: `predict.py:Predictor` of cog.yaml. */
  entry: (Evidence & { kind: 'predict' | 'train'; target: string }) | undefined;
  /** Name in its normal form, if the project has one and can be installed as a package. */
  packageName: string | undefined;
  /** Variable that takes the place of the version that building it reads from git, which an image does not have. */
  versionVariable: string | undefined;
  problems: readonly Finding[];
}

export interface PythonRange {
  specifiers: string;
  file: string;
  line?: number;
}

export interface SystemPackage extends Evidence {
  name: string;
}

/** Exact versions of everything, as a tool wrote them down. */
export interface Lock {
  path: string;
  /** Name of the file without what differs from project to project: `uv.lock`, `poetry.lock`, `Pipfile.lock`, `pylock.toml`, … */
  kind: string;
  packages: readonly LockedPackage[];
}

export interface LockedPackage {
  name: string;
  version: string;
  marker: string;
  /** Where it comes from instead of the index; without credentials. */
  url: string | undefined;
  line: number;
  /** Pythons that this version is for, where the lock says so. */
  requiresPython?: string;
}

/** Options for pip and uv in a manifest. Addresses are without credentials. */
export interface IndexOptions {
  /** Instead of the user's own. */
  index: IndexAddress | undefined;
  extra: readonly IndexAddress[];
  findLinks: readonly IndexAddress[];
  noIndex: boolean;
  preReleases: boolean;
  noBinary: readonly string[];
  onlyBinary: readonly string[];
  /** Hosts that are asked although nothing proves who they are. */
  trustedHosts: readonly string[];
  /** Which index a package has to come from: `torch` → `https://download.pytorch.org/whl/cpu`. */
  sources: ReadonlyMap<string, string>;
}

export interface IndexAddress extends Evidence {
  url: string;
}

export interface CredentialUse extends Evidence {
  /** A password in an address, or a variable that pip puts into one. */
  kind: 'password' | 'variable';
  /** Name of the variable, or the host that the password is for. */
  name: string;
}

export interface LocalProject extends Evidence {
  /** Relative to the top of the tree; empty for the top itself. */
  path: string;
  extras: readonly string[];
  editable: boolean;
  /** What it needs is among the requirements, so it can be installed without looking for more. */
  isRead: boolean;
}

type Mutable<Type> = { -readonly [Key in keyof Type]: Type[Key] };

/** A manifest while it is read. */
export interface Draft extends Mutable<
  Omit<
    Manifest,
    | 'requirements'
    | 'constraints'
    | 'optional'
    | 'extras'
    | 'included'
    | 'index'
    | 'credentials'
    | 'projects'
    | 'files'
    | 'systemPackages'
    | 'scripts'
    | 'problems'
  >
> {
  requirements: Requirement[];
  constraints: Requirement[];
  optional: Map<string, Requirement[]>;
  extras: Set<string>;
  included: string[];
  index: DraftIndex;
  credentials: CredentialUse[];
  projects: LocalProject[];
  files: string[];
  systemPackages: SystemPackage[];
  scripts: Manifest['scripts'][number][];
  problems: Finding[];
}

export interface DraftIndex extends Mutable<
  Omit<IndexOptions, 'extra' | 'findLinks' | 'noBinary' | 'onlyBinary' | 'trustedHosts' | 'sources'>
> {
  extra: IndexAddress[];
  findLinks: IndexAddress[];
  noBinary: string[];
  onlyBinary: string[];
  trustedHosts: string[];
  sources: Map<string, string>;
}

/** A manifest that says nothing yet. */
export function newDraft(kind: ManifestKind, path: string, manager: PackageManager): Draft {
  return {
    kind, path, manager, requirements: [], constraints: [], optional: new Map(), extras: new Set(), included: [], lock: undefined, credentials: [], projects: [], files: [], needsProject: false,
    index: { index: undefined, extra: [], findLinks: [], noIndex: false, preReleases: false, noBinary: [], onlyBinary: [], trustedHosts: [], sources: new Map() },
    requiresPython: undefined, classifiedPythons: undefined, readByPip: false, systemPackages: [], gpu: undefined, scripts: [], entry: undefined, packageName: undefined, versionVariable: undefined, problems: [],
  }; // prettier-ignore
}

/** A trap that was found in a manifest. */
export function problem(
  code: string,
  evidence: Evidence,
  rest: { message: string; fix?: string; severity?: Finding['severity'] },
): Finding {
  const { message, fix = null, severity = 'warning' } = rest;
  return { code, severity, message, file: evidence.file, line: evidence.line, fix };
}
