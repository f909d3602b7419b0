import type { FsckFinding, FsckKind } from '#api/fsck.ts';
import type { Builder } from '#engine/builder/builder.ts';
import type { Containers } from '#engine/containers/containers.ts';
import type { ContentStore } from '#engine/content/store.ts';
import type { Images } from '#engine/images/images.ts';
import type { LayerStore } from '#engine/layers/layer-store.ts';
import type { Snapshotter } from '#engine/snapshots/snapshotter.ts';
import type { Volumes } from '#engine/volumes/volumes.ts';
import type { Database } from '#lib/sqlite.ts';
import type { ImageUses } from './image-uses.ts';

/** What a check looks at. */
export interface CheckDeps {
  database: Database;
  dataRoot: string;
  execRoot: string;
  content: ContentStore;
  layers: LayerStore;
  snapshots: Snapshotter;
  images: Images;
  containers: Containers;
  volumes: Volumes;
  builder: Builder;
}

export interface CheckOptions {
  /** Mends what can be mended. */
  repair: boolean;
  /** Looks at sizes, headers and checksums of indexes; hashes no content. */
  fast: boolean;
  signal?: AbortSignal | undefined;
}

/** One check under way. */
export interface Check {
  deps: CheckDeps;
  options: CheckOptions;
  uses: ImageUses;
}

/** What a check tells while it goes on. */
export type Step = { finding: FsckFinding } | { read: number } | { phase: string };

/** What is wrong, in the lines that a person reads. */
export interface Fault {
  kind: FsckKind;
  subject: string;
  what: string;
  why: string;
  /** What the person can do; of one that was repaired: what was done. */
  fix: string;
  images?: readonly string[];
}

/**
 * Tells a fault, after trying to mend it where that was asked for and is possible.
 * @param mend does what helps, and says what it did
 */
export async function tell(check: Check, fault: Fault, mend?: () => Promise<string> | string): Promise<Step> {
  const finding = { images: [], ...fault };
  if (!check.options.repair || mend === undefined) return { finding: { ...finding, outcome: 'left' } };
  try {
    return { finding: { ...finding, fix: await mend(), outcome: 'repaired' } };
  } catch (error) {
    return { finding: { ...finding, fix: `${fault.fix} (repairing failed: ${String(error)})`, outcome: 'left' } };
  }
}
