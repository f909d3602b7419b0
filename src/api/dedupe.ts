/**
 * What `POST /berth/dedupe` found; the `aux` of the last message of its stream. The messages before say for each layer, by the beginning of its
 * diffId, what is done with it.
 */
export interface DedupeSummary {
  /** Layers looked at. */
  layers: number;
  /** Those that were written anew; in a dry run, that would be. */
  rewritten: number;
  /** Bytes of content that other layers have too and that need not be kept twice. */
  shared: number;
  /** Bytes of the disk saved; in a dry run an estimate. What running containers still hold is freed when they end. */
  saved: number;
  milliseconds: number;
}
