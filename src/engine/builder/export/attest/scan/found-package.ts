/** A package that lies in a tree. */
export interface FoundPackage {
  /** `deb`, `apk`, `rpm`, `pypi`, `npm`. */
  type: string;
  name: string;
  version: string;
  /** Package URL. */
  url: string;
  /** File that tells of it, without a leading slash. */
  path: string;
  /** As it says itself. */
  license?: string;
  supplier?: string;
}

export interface Scan {
  /** Sorted by URL, then by path. */
  packages: readonly FoundPackage[];
  /** What was found and could not be read, in words. */
  unread: readonly string[];
}

/** The distribution that system packages belong to, as package URLs name it; `debian-12`. */
export interface Distribution {
  id: string;
  versionId: string;
}
