import type { TarHeader } from '#lib/tar/header.ts';

/** A place in an EROFS image, in blocks of 512 bytes; extra devices have ranges of the same numbers above the image's own. */
export type BlockAddress = number;

/** Number of a node of a layer tree. */
export type NodeId = number;

/**
 * The tree that one layer tar describes, taken alone, built entry by entry as the tar streams by; compact, so that a million files fit in memory.
 * Later entries replace earlier ones, folders merge, names lead through symbolic links of the same layer, whiteouts become the form overlayfs takes
 * (OCI image-spec, layer.md#applying).
 */
export interface LayerTree {
  /**
   * @returns the node of a regular file, whose content is placed later; undefined for all other kinds
   * @throws {InvalidArgumentError} naming the entry, if it leaves the root or is not allowed in a layer
   */
  add(header: TarHeader): NodeId | undefined;
  /** Says where a regular file's content lies; one of size 0 needs no place. */
  place(node: NodeId, address: BlockAddress): void;
  /** Resolves hard links to entries that came later. To be called once, after the last entry. */
  finish(): TreeFacts;
}

export interface TreeFacts {
  /** Inodes. */
  inodes: number;
  /** Bytes of all regular files, hard links once. */
  contentBytes: number;
  needs: LayerNeeds;
}

/** What a layer leaves to the layers below it; with all lists empty its tree is the same whatever lies below. */
export interface LayerNeeds {
  /** Whether the tar has an entry for the root itself. */
  hasRoot: boolean;
  /** Folders that the tar does not name but has something in; parents before children, without leading slash. */
  implicit: readonly string[];
  /** Whether an opaque mark hides everything below the root. */
  clearsRoot: boolean;
  /** Hard links to files that only a lower layer can have. */
  links: readonly { path: string; target: string }[];
}
