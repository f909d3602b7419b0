/** What starting took when it was measured: the budget that a health check leaves. Times are milliseconds from the start of the container. */
export interface Startup {
  /** Until what the program imports from others was imported; null where that could not be measured. */
  importMs: number | null;
  /** Until it listened: imports, and what is loaded before. */
  readyMs: number;
  /** Until it answered for the first time. */
  firstAnswerMs: number;
  peakMemoryBytes: number | null;
}

/** What an unmeasured program is given. */
const USUAL_SECONDS = 60;
/** Models that are fetched at the first start take longer than anything else. */
const FETCHING_SECONDS = 600;
const LEAST_SECONDS = 15;
/** Other machines are slower, and their disks cold. */
const RESERVE = 5;

/** Seconds in which failing checks do not count: several times of what was measured. */
export function startPeriodSeconds(startup: Startup | undefined, fetches: boolean): number {
  const seconds =
    startup === undefined
      ? USUAL_SECONDS
      : Math.max(LEAST_SECONDS, Math.ceil((startup.firstAnswerMs * RESERVE) / 1000));
  // In steps, so that a second measurement seldom makes another image.
  const rounded = Math.ceil(seconds / LEAST_SECONDS) * LEAST_SECONDS;
  return fetches ? Math.max(FETCHING_SECONDS, rounded) : rounded;
}
