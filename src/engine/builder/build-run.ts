import type { RegistryAuth } from '#api/auth-header.ts';
import type { ProgressMessage } from '#api/progress.ts';
import type { RunOnce } from '#engine/containers/run-once.ts';
import type { Events } from '#engine/events/events.ts';
import type { ContentStore } from '#engine/content/store.ts';
import type { LayerStore } from '#engine/layers/layer-store.ts';
import type { Image, ImageStore } from '#engine/images/image.ts';
import type { Platform } from '#oci/platform.ts';
import type { Reference } from '#oci/reference.ts';
import type { KeyedLock } from '#lib/keyed-lock.ts';
import type { Cleaning } from './cache/cleaning.ts';
import type { BuildFiles } from './sources/build-files.ts';
import type { Vertex } from './progress/events.ts';
import type { BuildReport } from './progress/report.ts';
import type { Plan } from './stages/plan.ts';
import type { BuildRequest } from './request.ts';
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
  },
) => Promise<unknown>;

/** What builds of this engine share. */
export interface BuilderContext extends WorkspaceContext {
  content: ContentStore;
  events: Events;
  layerFiles: LayerStore;
  images: ImageStore;
  runOnce: RunOnce;
  pullImage: PullImage | undefined;
  /** Folder for what builds fetch, and for caches; on the data root's file system. */
  root: string;
  cleaning: Cleaning;
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
  /** Results of stages by index, once they are there. */
  results: Map<number, Promise<StageState>>;
  /** Images that are used, by the name that was asked for. */
  images: Map<string, Promise<Image>>;
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
}

/** An image or a stage opened to copy from. */
export interface OpenSource extends AsyncDisposable {
  tree: SourceTree;
}
