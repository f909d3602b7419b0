/** A repeatable source of numbers in [0, 1) (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What a fault run found: an empty list of problems is what one wants. */
export interface FaultReport {
  rounds: number;
  problems: string[];
  /** What happened, counted, so that a reader sees that the faults did strike. */
  counts: Record<string, number>;
}

export interface FaultOptions {
  seed: number;
  rounds: number;
  onRound?: (round: number) => void;
  /** Told of each problem as it comes: a run can take hours. */
  onProblem?: (problem: string) => void;
}

/** One of several, by chance. */
export function pick<const T>(random: () => number, choices: readonly T[]): T {
  return choices[Math.floor(random() * choices.length)] as T;
}

/** Adds problems to a report. */
export function addProblems(report: FaultReport, problems: readonly string[], { onProblem }: FaultOptions): void {
  report.problems.push(...problems);
  for (const problem of problems) onProblem?.(problem);
}
