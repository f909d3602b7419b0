/** A descriptor that names a file and neither reads nor writes it; `node:fs` has no name for this flag of Linux. */
export const O_PATH = 0o10000000;
