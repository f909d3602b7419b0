import type { RegistryAuth } from '#api/auth-header.ts';
import type { ProgressMessage } from '#api/progress.ts';
import type { RunOnce } from '#engine/containers/run-once.ts';
import type { Events } from '#engine/events/events.ts';
import type { ContentStore } from '#engine/content/store.ts';
import type { LayerStore } from '#engine/layers/layer-store.ts';
import type { Image } from '#engine/images/image.ts';
import type { Images } from '#engine/images/images.ts';
import type { Platform } from '#oci/platform.ts';
import type { Reference } from '#oci/reference.ts';
import type { KeyedLock } from '#lib/keyed-lock.ts';
import type { BuildCache, StepUses } from './cache/build-cache.ts';
import type { CacheMounts } from './cache/cache-mounts.ts';
import type { Cleaning } from './cache/cleaning.ts';
import type { BuildFiles } from './sources/build-files.ts';
import type { Material } from './sources/context-source.ts';
import type { FileDigests } from './sources/file-digests.ts';
import type { KeptDownloads } from './sources/kept-downloads.ts';
import type { Layer } from './layers.ts';
import type { Vertex } from './progress/events.ts';
import type { BuildReport } from './progress/report.ts';
import type { Plan } from './stages/plan.ts';
import type { BuildRequest } from './request.ts';
import type { FormerInstalls } from './packages/former-installs.ts';
import type { InstallingStep, StepLocks } from './packages/step-locks.ts';
import type { SourceTree } from './sources/source-tree.ts';
import type { StageState } from './stages/stage-state.ts';
import type { WorkspaceContext } from './workspace.ts';

/** Fetches an image from its registry. */
export type PullImage = (
  reference: Reference,
  options: {
    platform: Platform | undefined;
    auth: RegistryAuth | undefined;
    signal: AbortSignal;
    report: (message: ProgressMessage) => void;
    /** Its name goes on standing for the image that has it here. */
    isNameless?: boolean;
  },
) => Promise<Image>;

/** What builds of this engine share. */
export interface BuilderContext extends WorkspaceContext {
  content: ContentStore;
  events: Events;
  layerFiles: LayerStore;
  images: Images;
  runOnce: RunOnce;
  pullImage: PullImage | undefined;
  /** Registries that may be without TLS, as they are set now. */
  insecureRegistries: () => readonly string[];
  /** Folder for what builds fetch, and for caches; on the data root's file system. */
  root: string;
  cleaning: Cleaning;
  /** Folders of `RUN --mount=type=cache`; to be opened when a step runs, not before it is looked up. */
  cacheMounts: CacheMounts;
  /** Steps that running builds use. */
  uses: StepUses;
  /** What steps that install packages came to. */
  locks: StepLocks;
  /** What steps were asked to install. */
  installs: FormerInstalls;
  /** What builds have read of folders on this host. */
  fileDigests: FileDigests;
  /** What builds have fetched from addresses. */
  downloads: KeptDownloads;
  /** One at a time does the same step. */
  steps: KeyedLock;
}

/** One build on its way, for one platform. */
export interface BuildRun {
  context: BuilderContext;
  request: BuildRequest;
  report: BuildReport;
  plan: Plan;
  /** Of the result. */
  platform: Platform;
  /** The platform as vertices name it; empty if the build has only one. */
  title: string;
  files: BuildFiles;
  cache: BuildCache;
  /** Results of stages by index, once they are there. */
  results: Map<number, Promise<StageState>>;
  /** The result of an earlier stage, which is built now if nothing needed it before; set once the stages run. */
  require?: (index: number) => Promise<StageState>;
  /** Indexes of stages that are built only when something of them is needed; set once the stages run. */
  deferred?: ReadonlySet<number>;
  /** Images that are used, by the name that was asked for. */
  images: Map<string, Promise<Image>>;
  /** What went into it from elsewhere, beside the context: added as it is fetched. */
  materials: Material[];
  /** Its steps that install packages: added as they are done or found. */
  installs: InstallingStep[];
  signal: AbortSignal;
}

/** One stage of it. */
export interface StageRun {
  build: BuildRun;
  state: StageState;
  /** The step under way. */
  vertex: Vertex;
  /** Index of the stage. */
  index: number;
  /** Indexes of the stages that the step takes files from; none if absent. */
  takesFrom?: readonly number[];
}

/** An image or a stage opened to copy from. */
export interface OpenSource extends AsyncDisposable {
  tree: SourceTree;
  /** Layers that the tree consists of, bottom first; undefined for what does not consist of layers. */
  stack: readonly Layer[] | undefined;
}
