import type { SnapshotName, Snapshotter } from '#engine/snapshots/snapshotter.ts';

/** Where the tree of a snapshot lies, by the names that `inspect` gives the folders of overlayfs. @throws {NotFoundError} */
export function treePaths(snapshots: Snapshotter, name: SnapshotName): Record<string, string> {
  const { tree, work, lower } = snapshots.paths(name);
  return {
    ...(lower.length > 0 && { LowerDir: lower.join(':') }),
    UpperDir: tree,
    ...(work !== undefined && { WorkDir: work }),
  };
}
