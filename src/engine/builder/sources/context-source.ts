import type { Image } from '#engine/images/image.ts';
import type { Platform } from '#oci/platform.ts';
import type { Vertex } from '../progress/events.ts';
import type { SecretSource, SshSource } from './client-sources.ts';
import type { FileDigests } from './file-digests.ts';
import type { KeptDownloads } from './kept-downloads.ts';
import type { SourceTree } from './source-tree.ts';

/** Files that a build may take. Opened when it is known which are needed; what it keeps is gone when disposed. */
export interface ContextSource extends AsyncDisposable {
  /** For people: `.`, a URL. Without credentials. */
  readonly title: string;
  /** As a named context, its own `.dockerignore` holds for it. */
  readonly hasIgnoreFile?: boolean;
  /** May be called several times, each time for another part. @throws {InvalidArgumentError} {NotFoundError} {UnavailableError} */
  open(ask: ContextAsk): Promise<OpenedContext>;
}

export interface ContextAsk {
  /** Folder for what must be written; on the data root's file system, gone with the build. */
  scratch: string;
  /**
   * Cleaned paths, or patterns of them (`*`, `?`, `[…]`), that are enough, with all below them and what links among them lead to; undefined
   * for all.
   */
  only: readonly string[] | undefined;
  /** Lines of the ignore file, as `compileIgnore` takes them. */
  exclude: readonly string[];
  vertex: Vertex;
  signal: AbortSignal;
  /** Credentials for what is fetched; none if absent. */
  secrets?: SecretSource;
  ssh?: SshSource;
  /** What is fetched may lie at public addresses only. */
  guardNetwork?: boolean;
  /** The folder `.git` of a repository is part of what is fetched, unless its address says otherwise. */
  keepGitDir?: boolean;
  /** What earlier builds have read of folders. */
  fileDigests?: FileDigests;
  /** What earlier builds have fetched. */
  downloads?: KeptDownloads;
}

export interface OpenedContext extends AsyncDisposable {
  tree: SourceTree;
  /** What it turned out to be, where it has a name for good. */
  material?: Material;
  /** Seconds since epoch: of the commit, or as the server tells it. */
  epoch?: number;
}

/** Something that went into a build, as provenance names it (SLSA v1, ResourceDescriptor). */
export interface Material {
  /** A package URL, or the address of a repository or file. Without credentials. */
  uri: string;
  /** By algorithm: `sha256`, `sha1` (of a commit). */
  digest: Readonly<Record<string, string>>;
}

/** What `--build-context name=…` names. */
export type NamedContext =
  | { kind: 'files'; source: ContextSource }
  | { kind: 'image'; source: ImageSource }
  /** Another image, found as FROM finds it. */
  | { kind: 'reference'; name: string };

/** An image from elsewhere than its name says: another reference, or a layout on the client's side. */
export interface ImageSource {
  readonly title: string;
  resolve(ask: { platform: Platform; pull: boolean; vertex: Vertex; signal: AbortSignal }): Promise<Image>;
}
