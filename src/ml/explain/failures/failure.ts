/** One way to fail: what the log shows, what it means and what mends it. */
export interface Failure {
  /** Stable, for programs and documentation. */
  code: string;
  /** `{what}` of the texts is its group, `{distribution}` the distribution of a module of that name, `{package}` the Debian package of a library of that name. */
  pattern: RegExp;
  cause: string;
  fix: string;
  /** A line as the program really writes it. */
  example: string;
}
