/** What train and serve tell while they work; the command line renders it. */
export interface Report {
  /** A step that begins, or that is done. */
  say(text: string): void;
  /** Something to know or to change. */
  warn(text: string): void;
  /** A line of a build, of interest to those who watch closely. */
  detail(text: string): void;
  /** The last words of something that failed. */
  quote(lines: readonly string[]): void;
  /** What the person's own program writes, as it comes. */
  output(bytes: Uint8Array, stream: 'stdout' | 'stderr'): void;
}
