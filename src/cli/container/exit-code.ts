const CANNOT_RUN = 126;
const NOT_FOUND = 127;
const ENGINE = 125;

/** Exit code for a container that could not be started, by the engine's words, as Docker's CLI decides. */
export function startExitCode(error: unknown): number {
  const text = error instanceof Error ? error.message.toLowerCase() : '';
  if (/executable file not found|no such file or directory|system cannot find the file/.test(text)) return NOT_FOUND;
  if (/permission denied|is a directory|exec format error/.test(text)) return CANNOT_RUN;
  return ENGINE;
}
