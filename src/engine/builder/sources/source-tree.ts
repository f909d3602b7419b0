import type { Ignore } from '#dockerfile/ignore.ts';
import type { Attributes } from '#engine/snapshots/tree/attributes.ts';
import type { Root } from '#lib/files/open-root.ts';
import type { FileStamp, KnownDigests } from './file-digests.ts';

/** Where COPY and ADD take files from: the context, a stage or an image. */
export interface SourceTree {
  root: Root;
  /** How messages name it. */
  kind: 'context' | 'stage';
  /** Digests of files that were read before, by path; hexadecimal. */
  digests: Map<string, string>;
  /** Files that a layer took over, with what they were like: their attributes are the layer's now. */
  taken: Map<string, Attributes>;
  /** It goes with the build, so that layers may take files over instead of copying them. */
  mayTake?: boolean;
  /** What is left out, though it lies there. */
  ignore?: Ignore;
  /** Of everything in it, whoever has it on the disk. */
  owner?: { uid: number; gid: number };
  /** Others may change it while it is read. */
  isLive?: boolean;
  /** What earlier builds have read of it. */
  known?: KnownDigests;
  /** Files whose digest would be the same to the eye if they changed now: they are looked at again when they are copied. */
  young?: Set<string>;
  /** What is in it, where that is known without looking. */
  listing?: TreeListing;
}

export interface TreeListing {
  /** What lies below a folder, in the order of a walk. */
  below(folder: string): Iterable<SourceEntry>;
}

/** Something to copy. */
export interface SourceEntry {
  /** Path in the source. */
  path: string;
  /** Path below the target; `` for the thing that was named itself. */
  relative: string;
  kind: 'directory' | 'file' | 'symlink' | 'character' | 'block' | 'fifo';
  attributes: Attributes;
  /** Bytes of a file. */
  size: number;
  /** Names the file behind several links; empty for one alone. */
  inode: string;
  /** Target of a symbolic link. */
  target: string;
  major: number;
  minor: number;
  /** State of a file when it was found. */
  stamp?: FileStamp;
  /** Its extended attributes are still to be read: `digestSource` does. */
  isUnread?: boolean;
}

/** One thing that an instruction names, with all below it. */
export interface Source {
  /** As it would be named in a folder. */
  name: string;
  /** Cleaned path in the source, as it was named. */
  path: string;
  isDirectory: boolean;
  entries: SourceEntry[];
}
