import type { RegistryAuth } from '#api/auth-header.ts';
import type { RunLimits } from '#api/run-limits.ts';
import type { Platform } from '#oci/platform.ts';
import type { CacheSpec } from './cache/cache-spec.ts';
import type { OutputSpec } from './export/output-spec.ts';
import type { SecretSource, SshSource } from './sources/client-sources.ts';
import type { ContextSource, NamedContext } from './sources/context-source.ts';

/** What somebody wants built. */
export interface BuildRequest {
  /** Names this build in events, records and cancels; unique. */
  ref: string;
  /** Files that COPY and ADD name without `--from`. */
  context: ContextSource;
  dockerfile: DockerfilePlace;
  /** `--build-context`, by name in small letters. */
  namedContexts: ReadonlyMap<string, NamedContext>;
  buildArgs: ReadonlyMap<string, string>;
  labels: ReadonlyMap<string, string>;
  /** Name or index of the stage to end with; the last one if empty. */
  target: string;
  /** Steps that are run again: all, or those of the stages named. */
  noCache: 'all' | readonly string[];
  /** Ask the registry also for base images that are here. */
  pull: boolean;
  /** One result for each; this host's if empty. */
  platforms: readonly Platform[];
  /** The result is an index, even of one platform. */
  multiPlatform: boolean;
  /** Whether steps trust the authorities that this host trusts beyond the usual ones. */
  hostCa: boolean;
  limits: RunLimits;
  /** What RUN may do beyond the usual. */
  entitlements: ReadonlySet<Entitlement>;
  /** What is fetched may lie at public addresses only: whoever asks is not the one whose host this is. */
  guardNetwork?: boolean;
  credentials: Credentials;
  secrets: SecretSource;
  ssh: SshSource;
  cacheFrom: readonly CacheSpec[];
  cacheTo: readonly CacheSpec[];
  outputs: readonly OutputSpec[];
  /** Parameters of `--attest`, by kind. */
  attestations: ReadonlyMap<'sbom' | 'provenance', ReadonlyMap<string, string>>;
  packages: PackageOptions;
  /** `only`: findings are all that is asked for. `error`: any ends the build. */
  check: 'warn' | 'only' | 'error';
  /** Tell for each step why it was or was not taken from an earlier build. */
  explain?: boolean;
  /** What the client asked for in its own words, kept in the record of the build; without secrets. */
  asked?: ReadonlyMap<string, string>;
  /** How steps are worded in the history of the image; as BuildKit does if undefined. */
  history?: 'classic' | 'buildkit';
  /** A question about a Dockerfile rather than a build: it is not remembered. */
  isInternal?: boolean;
  /** What was asked for and is not honoured, as people write it. */
  ignored: readonly string[];
  signal: AbortSignal;
}

/** Where the Dockerfile is. */
export interface DockerfilePlace {
  /** Path in its source; shown in messages. */
  name: string;
  /** The context itself if undefined. */
  source?: ContextSource;
  /** The file itself, where it lies nowhere. */
  text?: string;
  /** With it, the ignore file that goes with it; that of the context if undefined. */
  ignore?: string;
}

export type Entitlement = 'network.host' | 'security.insecure' | 'device';

/** Credentials for a registry by its domain (`docker.io`, `ghcr.io`). */
export type Credentials = (domain: string) => Promise<RegistryAuth | undefined>;

/** What builds know of package managers. */
export interface PackageOptions {
  /** Package managers that RUN calls get the caches they know. */
  implicitCaches: boolean;
  /** Installed Python packages become layers of their own. */
  split: boolean;
  /** The text of a `build.lock` whose versions hold. */
  locked?: string;
}
