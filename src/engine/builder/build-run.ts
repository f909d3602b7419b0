import type { RegistryAuth } from '#api/auth-header.ts';
import type { ProgressMessage } from '#api/progress.ts';
import type { RunOnce } from '#engine/containers/run-once.ts';
import type { ContentStore } from '#engine/content/store.ts';
import type { LayerStore } from '#engine/layers/layer-store.ts';
import type { Image, ImageStore } from '#engine/images/image.ts';
import type { Platform } from '#oci/platform.ts';
import type { Reference } from '#oci/reference.ts';
import type { KeyedLock } from '#lib/keyed-lock.ts';
import type { Cleaning } from './cleaning.ts';
import type { BuildContext } from './build-context.ts';
import type { StageOutput } from './output.ts';
import type { Plan } from './plan.ts';
import type { BuildRequest } from './request.ts';
import type { SourceTree } from './source-tree.ts';
import type { StageState } from './stage-state.ts';
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
  layerFiles: LayerStore;
  images: ImageStore;
  runOnce: RunOnce;
  pullImage: PullImage | undefined;
  /** Folder for contexts and caches, on the data root's file system. */
  root: string;
  cleaning: Cleaning;
  /** One at a time does the same step. */
  steps: KeyedLock;
}

/** One build on its way. */
export interface BuildRun {
  context: BuilderContext;
  request: BuildRequest;
  plan: Plan;
  files: BuildContext;
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
  output: StageOutput;
  /** Index of the stage. */
  index: number;
}

/** An image or a stage opened to copy from. */
export interface OpenSource extends AsyncDisposable {
  tree: SourceTree;
}
