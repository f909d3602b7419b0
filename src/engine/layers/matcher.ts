import type { Digest } from '#oci/digest.ts';

/** A layer whose file is searched for content that need not be written again. */
export interface Donor {
  diffId: Digest;
  /** Of its file. */
  path: string;
  /** Of its file. */
  fileBytes: number;
}

/** The most donors that a layer can have: so many device slots fit behind the superblock. */
export const DONORS_LIMIT = 23;

/** Where content may be found again; made once for a layer that comes in, and sent to the thread that writes it. */
export interface Candidates {
  /** Of any number; those of them that something was found in are the layer's donors. */
  donors: readonly Donor[];
  /** Whatever the matcher needs to find its way; anything that can be sent to another thread. */
  table: SharedArrayBuffer;
}

/** Finds content of a layer that comes in inside the files of layers that are here. Synchronous: it runs where the layer is written. */
export interface Matcher extends Disposable {
  /** Those that content was found in, at most `DONORS_LIMIT`; grows at the end. */
  readonly donors: readonly Donor[];
  /**
   * Asked for every regular file that is not empty and not sparse, in the order of the tar.
   * @param path as in the archive
   * @param bytes of its content
   * @returns what to compare its content with; undefined if there is nothing like it
   */
  begin(path: string, bytes: number): Match | undefined;
}

/** Content of a donor that may be equal to what comes. */
export interface Match {
  /** Index in `donors`; asked for once all of the content was equal. */
  readonly donor: number;
  /** Where the content lies in the donor's file, in one piece: bytes, a multiple of 512. */
  readonly offset: number;
  /** The donor's file, open for reading as long as the matcher is. */
  readonly fd: number;
  /**
   * Compares the next bytes, given once and in order until all of the content came. At the first `false` the match is over, and nothing of that
   * piece counts as equal. The piece lies in memory that is used again after the call.
   */
  compare(piece: Buffer): boolean;
}
