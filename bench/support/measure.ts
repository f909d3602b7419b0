import { loadavg } from 'node:os';

/** What two sides took, in the unit of the benchmark, run in turns. */
export interface Comparison {
  name: string;
  unit: 'ms' | 'MB';
  berth: number[];
  peer: number[];
  /** Exactly what was run, so that a reader can repeat it. */
  commands: { berth: string; peer: string };
  /** Cache state and anything else that decides the figure. */
  settings: string;
  /** One-minute load average before the first and after the last run. */
  load: [number, number];
}

export interface Sides {
  berth(): Promise<number | void>;
  peer(): Promise<number | void>;
}

/** Runs both sides in turns, after one unmeasured turn each. A side that returns a number measured it itself; else its wall time counts. */
export async function alternate(sides: Sides, runs: number): Promise<Pick<Comparison, 'berth' | 'peer' | 'load'>> {
  const before = loadavg()[0] ?? 0;
  const taken: { berth: number[]; peer: number[] } = { berth: [], peer: [] };
  for (let turn = 0; turn <= runs; turn++) {
    const order = turn % 2 === 0 ? (['berth', 'peer'] as const) : (['peer', 'berth'] as const);
    for (const side of order) {
      const start = performance.now();
      const own = await sides[side]();
      if (turn > 0) taken[side].push(own ?? performance.now() - start);
    }
  }
  return { ...taken, load: [before, loadavg()[0] ?? 0] };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}
