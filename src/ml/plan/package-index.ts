/** What a plan wants to know of package indexes. `project` asks uv; tests hold recorded answers. */
export interface PackageIndex {
  /** Everything that installing `requirements` brings, in exact versions. Never throws for an answer: see the kinds of `Resolution`. */
  resolve(question: ResolveQuestion): Promise<Resolution>;
}

export interface ResolveQuestion {
  /** Lines of PEP 508; credentials in addresses are taken off and come from the caller's own configuration. */
  requirements: readonly string[];
  constraints: readonly string[];
  /** Two numbers. */
  python: string;
  /** As uv names them: `x86_64-unknown-linux-gnu`. */
  platform: string;
  /** Indexes beside the user's own, the first that has a package counts. */
  indexes: readonly string[];
  /** Pages that list files (`--find-links`). */
  findLinks?: readonly string[];
  /** Nothing uploaded later than this day (`2023-04-01`) is taken. */
  before: string | null;
}

export type Resolution =
  | { kind: 'resolved'; packages: readonly ResolvedPackage[] }
  /** No set of versions meets all; `lines` are the resolver's reason, `between` the requirements that exclude each other, `relax` one that mends it. */
  | { kind: 'conflict'; lines: readonly string[]; between: readonly string[]; relax: string | null }
  /** The index could not be asked, or does not answer; `host` where it is known which. */
  | { kind: 'unreachable'; why: string; host?: string | undefined };

export interface ResolvedPackage {
  /** Normal form (PEP 503). */
  name: string;
  /** Empty where nobody knows it without building the package. */
  version: string;
  /** Names of those that asked for it; empty for what was asked for itself. */
  via: readonly string[];
  /** The wheel that fits; null where it has to be built from source. */
  wheel: ResolvedWheel | null;
}

export interface ResolvedWheel {
  filename: string;
  compressedBytes: number | null;
  unpackedBytes: number | null;
  /** Of those the bytes of Python's source, to which compiled files are added where it is installed. */
  pythonBytes?: number | null | undefined;
}
